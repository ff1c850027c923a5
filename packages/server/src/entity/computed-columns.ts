import type { SQL } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { kindOfType } from '../column/kind-of-type.ts'
import type { Runner } from '../db/database.ts'
import { SqlText } from '../query/sql-text.ts'
import type { Column, Entity } from './entity.ts'
import type { Casing } from './entity-options.ts'
import { expressionOf } from './expression.ts'

/** Computed columns as they were registered. */
export type Computed = Readonly<Record<string, (table: PgTable) => SQL>>

/** Makes columns of an entity's computed ones. Postgres says of what type each is; it also checks that each can be. */
export async function computedColumns(
  database: Runner,
  entity: Entity,
  computed: Computed,
  casing: Casing,
): Promise<ReadonlyMap<string, Column>> {
  const columns = new Map<string, Column>()
  for (const [name, write] of Object.entries(computed)) {
    const expression = expressionOf(entity.table, casing, write)
    const sql = new SqlText()
    const text = `select pg_typeof(${expression('t', sql)})::text from (select 1) one left join ${entity.sqlName} t on false`
    const [row] = await database.run(sql.statement(text))
    columns.set(name, {
      name,
      sqlName: '',
      expression,
      kind: kindOfType({ sqlType: row?.[0] ?? 'text', collation: 'other' }),
      folding: 'unicode',
      nullable: true,
      hasDefault: false,
      generated: true,
      isKey: false,
      hidden: false,
      stamped: false,
      unique: false,
      indexed: false,
    })
  }
  return columns
}
