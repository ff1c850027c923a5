import type { PGlite } from '@electric-sql/pglite'
import type { Database } from './database.ts'
import { type DrizzleInstance, recogniseClient } from './drizzle-client.ts'
import { openNodePostgres } from './node-postgres.ts'
import { openUserPglite } from './pglite/in-process-session.ts'
import { openPgliteDirectory, openPgliteInMemory } from './pglite/open-pglite.ts'
import { openPostgresJs } from './postgres-js.ts'
import type { PostgresOptions } from './session-settings.ts'

/** `postgres://…`, `pglite:<directory>`, a Drizzle instance (postgres.js, node-postgres, PGlite), or a PGlite. */
export type DatabaseSource = string | DrizzleInstance | PGlite

/**
 * Opens the database a source names; without a source, PGlite in memory. PGlite is ready when this resolves; a
 * Postgres server is first connected to by the first statement. Rejects for anything it does not know.
 *
 * Of a Drizzle instance over a server only the connection options are used, and its client stays the user's own:
 * Drizzle changes how a client reads and writes values, and our sessions need settings of their own.
 */
export async function openDatabase(source: DatabaseSource | undefined, options: PostgresOptions): Promise<Database> {
  if (source === undefined) return await openPgliteInMemory(options.logger)
  if (typeof source === 'string') return await openUrl(source, options)
  const known = recogniseClient(source)
  if (known?.driver === 'pglite') return openUserPglite(known.client, options.logger)
  if (known?.driver === 'postgres') return openPostgresJs(known.target, options)
  if (known?.driver === 'node-postgres') return openNodePostgres(known.target, options)
  throw new Error(`The database is an object that is no Drizzle instance. ${ACCEPTED}`)
}

const ACCEPTED =
  "Accepted are a URL 'postgres://…', 'pglite:<directory>', a Drizzle instance over postgres.js, node-postgres or " +
  'PGlite, and nothing, for PGlite in memory.'

async function openUrl(url: string, options: PostgresOptions): Promise<Database> {
  const scheme = url.slice(0, url.indexOf(':') + 1)
  // postgres.js, since sessions as `postgres-js.ts` builds them survive every cut: 200 cuts of all connections in 30 s,
  // by reset and by close, 3 crashes of the server, no call unsettled, nothing outside of its transaction
  // (`cut.pg.test.ts`). By itself it failed each of these. Its speed and that of node-postgres differ by less than
  // the noise, and this one needs no second package.
  if (scheme === 'postgres:' || scheme === 'postgresql:') return openPostgresJs(url, options)
  if (scheme === 'pglite:') return await openPgliteDirectory(directoryOf(url), options.logger)
  throw new Error(`The database '${scheme || url}' is not known. ${ACCEPTED}`)
}

function directoryOf(url: string): string {
  const directory = url.slice('pglite:'.length)
  if (directory === '') throw new Error("The database 'pglite:' names no directory, as 'pglite:./data' does.")
  return directory
}
