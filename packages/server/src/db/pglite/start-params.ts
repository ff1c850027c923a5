import { TEXT_SETTINGS } from '../session-settings.ts'

/**
 * How every PGlite of ours is started, on top of its own parameters.
 *
 * Memory: 16 MB of buffers instead of 128 halve the process. WAL: see `upkeep.ts`; both sizes suit segments of 1 MB
 * (our template) and of 16 MB (a directory that was made elsewhere). Stack: see `worker-session.ts`. The rest fixes
 * what a client gets to see.
 */
export const PGLITE_START_PARAMS: readonly string[] = [
  'shared_buffers=16MB',
  'wal_buffers=256kB',
  'min_wal_size=32MB',
  'max_wal_size=64MB',
  'max_stack_depth=1MB',
  ...Object.entries(TEXT_SETTINGS).map(([name, value]) => `${name}=${value}`),
  'mqttspec.server=1',
].flatMap((setting) => ['-c', setting])
