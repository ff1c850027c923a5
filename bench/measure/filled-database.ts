import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { startPostgres } from '../../tests/postgres/start-postgres.ts'
import { FILL } from '../schema.ts'

/** Databases with the tables in them, gone with the benchmark. */
export interface FilledDatabases extends AsyncDisposable {
  /** A database for one more contender, so that nobody pays for what another one sets up in it. */
  open(): Promise<string>
}

/** Databases of one PostgreSQL cluster, or undefined where PostgreSQL is not installed. */
export async function fillPostgres(): Promise<FilledDatabases | undefined> {
  const cluster = await startPostgres()
  if (!cluster) return undefined
  return {
    async open() {
      const url = await cluster.createDatabase()
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      await sql.unsafe(FILL)
      await sql.unsafe('vacuum analyze')
      await sql.end()
      return url
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
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
