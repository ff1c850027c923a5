import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Database } from './database.ts'

/** Any number, as long as it is always this one. */
const MIGRATION_LOCK = '6073270418'

// Drizzle's own table, so that its command line and this server agree on what has run.
const SET_UP = [
  'create schema if not exists drizzle',
  'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
]

/** Runs the migrations of a folder that have not run yet, in one transaction. Servers that start at once take turns. */
export async function runMigrations(database: Database, migrationsFolder: string): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder })
  await database.transaction(async (transaction) => {
    const run = (text: string, params: readonly string[] = []) => transaction.run({ text, params })
    await run(`select pg_advisory_xact_lock(${MIGRATION_LOCK})::text`)
    for (const text of SET_UP) await run(text)
    const [row] = await run('select max(created_at)::text from drizzle.__drizzle_migrations')
    const last = Number(row?.[0] ?? 0)
    for (const { sql, hash, folderMillis } of migrations.filter((migration) => migration.folderMillis > last)) {
      for (const text of sql) await run(text)
      await run('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1::text, $2::text::int8)', [
        hash,
        String(folderMillis),
      ])
    }
  })
}
