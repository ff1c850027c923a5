import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { startPostgres } from '../../tests/postgres/start-postgres.ts'
import { FILL } from '../schema.ts'

/** Databases with the tables in them, gone with the benchmark. */
export interface FilledDatabases extends AsyncDisposable {
  /** A database for one more contender: the same one for all on PostgreSQL, one of its own on PGlite. */
  open(): Promise<string>
}

/** A PostgreSQL cluster of its own, or undefined where PostgreSQL is not installed. */
export async function fillPostgres(): Promise<FilledDatabases | undefined> {
  const cluster = await startPostgres()
  if (!cluster) return undefined
  const sql = postgres(cluster.url, { max: 1, onnotice: () => {} })
  await sql.unsafe(FILL)
  await sql.unsafe('vacuum analyze')
  await sql.end()
  return { open: async () => cluster.url, [Symbol.asyncDispose]: () => cluster.stop() }
}

/** PGlite in folders of their own, since only one process may have each. */
export function fillPglite(): FilledDatabases {
  const folder = mkdtempSync(join(tmpdir(), 'mqttspec-bench-'))
  let opened = 0
  return {
    async open() {
      const url = `pglite:${join(folder, String(++opened))}`
      const database = await openDatabase(url, { logger: { info() {}, warn() {}, error() {} } })
      await database.script(FILL)
      await database.close()
      return url
    },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
