import { is } from 'drizzle-orm'
import { getTableConfig, isPgEnum, PgTable } from 'drizzle-orm/pg-core'
import type { Casing } from '../entity/entity-options.ts'
import type { Database } from './database.ts'
import { DatabaseError } from './database-error.ts'

const EXISTING = `
  select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select n.nspname || '.' || t.typname from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'e'`

/**
 * Creates the tables and enums of a Drizzle schema that the database lacks, by the SQL that Drizzle itself would write.
 * What is there is left as it is, also what another server creates meanwhile.
 */
export async function createMissingTables(
  database: Database,
  schema: Readonly<Record<string, unknown>>,
  casing: Casing,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await createMissing(database, schema, casing)
    } catch (error) {
      const isThere = error instanceof DatabaseError && THERE_BY_NOW.has(error.sqlState ?? '')
      if (!isThere || attempt === ATTEMPTS) throw error
    }
  }
}

/** Something of that name was created by another one: duplicate table, object, and row of a catalog. */
const THERE_BY_NOW = new Set(['42P07', '42710', '23505', '42P06'])
const ATTEMPTS = 5

/** In one transaction, as Postgres runs a script: all of it, or nothing. */
async function createMissing(
  database: Database,
  schema: Readonly<Record<string, unknown>>,
  casing: Casing,
): Promise<void> {
  const existing = new Set((await database.run({ text: EXISTING, params: [] })).map(([name]) => name))
  const missing = Object.entries(schema).filter(([, value]) => !existing.has(databaseName(value) ?? ''))
  if (!missing.some(([, value]) => is(value, PgTable))) return
  // Loaded only where it is needed: it is large, and a server on its own migrations never asks for it.
  const { generateDrizzleJson, generateMigration } = await import('drizzle-kit/api')
  const statements = await generateMigration(
    generateDrizzleJson({}),
    generateDrizzleJson(Object.fromEntries(missing), undefined, undefined, casing),
  )
  await database.script(
    statements.map((statement) => statement.replace(/^CREATE SCHEMA /, 'CREATE SCHEMA IF NOT EXISTS ')).join('\n'),
  )
}

/** `schema.name` of a table or an enum; undefined for everything else. */
function databaseName(value: unknown): string | undefined {
  if (is(value, PgTable)) {
    const { schema, name } = getTableConfig(value)
    return `${schema ?? 'public'}.${name}`
  }
  return isPgEnum(value) ? `${value.schema ?? 'public'}.${value.enumName}` : undefined
}
