import type { Database } from '../../db/database.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Logger } from '../../logger.ts'
import type { ChangeSource } from './change-source.ts'
import { ChangeStream } from './change-stream.ts'
import { DurableNames } from './durable-names.ts'
import { installStream, isInstalled, missingTriggers } from './install-stream.ts'
import { OwnWrites } from './own-writes.ts'
import { WriteOrder } from './write-order.ts'

/** How a server comes to its changes. */
export interface SourceOptions {
  /** Sets the stream up; left out, on PGlite yes, and on a Postgres server only if it is set up already. */
  readonly install: boolean | undefined
  readonly logger: Logger
  readonly isWatched: (entity: Entity) => boolean
  readonly pollMs: number
  readonly maxAgeMs: number
  readonly maxChanges: number
  readonly maxRows: number
  /** See `DurableNames`. */
  readonly maxDurableAgeMs: number
  readonly maxNames: number
}

const between = (least: number, wanted: number, most: number): number => Math.max(least, Math.min(wanted, most))

/** The source of changes, and for one that is told of them, what keeps their order. */
export async function openSource(
  database: Database,
  entities: readonly Entity[],
  { install, maxDurableAgeMs, maxNames, ...options }: SourceOptions,
): Promise<{ readonly source: ChangeSource; readonly order: WriteOrder | undefined }> {
  if (install ?? database.kind === 'pglite') await installStream(database, entities)
  else if (!(await isInstalled(database, entities))) {
    const tables = (await missingTriggers(database, entities)).map(({ tableName }) => tableName).join(', ')
    options.logger.warn(
      { tables },
      'the change stream is not set up: only changes by this server are told of, and nothing of the past; listen({ install: true }) or install() of the spec sets it up',
    )
    return { source: new OwnWrites(), order: new WriteOrder() }
  }
  const durables = new DurableNames({ database, maxDurableAgeMs, maxNames, ...options })
  const pruneEveryMs = between(1_000, Math.min(options.maxAgeMs, maxDurableAgeMs) / 20, 60_000)
  const source = new ChangeStream({ database, entities, durables, pruneEveryMs, ...options })
  return { source, order: undefined }
}
