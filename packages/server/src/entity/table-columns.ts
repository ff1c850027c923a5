import { getTableColumns } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import type { Casing, WireNames } from './entity-options.ts'

/** A column of a Drizzle table with its two names. */
export interface TableColumn {
  readonly column: PgColumn
  readonly databaseName: string
  readonly wireName: string
}

/** The columns of a Drizzle table, in its order. */
export function tableColumns(table: PgTable, names: WireNames, casing: Casing): readonly TableColumn[] {
  // With `casing`, a column's own name is its property's; only Drizzle's cache knows the one in the database.
  const cache = new CasingCache(casing)
  return Object.entries(getTableColumns(table)).map(([property, column]) => {
    const databaseName = cache.getColumnCasing(column)
    return { column, databaseName, wireName: names === 'database' ? databaseName : property }
  })
}

/** The columns of a table's primary key, in the key's order. */
export function primaryKeyOf(table: PgTable, columns: readonly TableColumn[]): readonly TableColumn[] {
  const composite = getTableConfig(table).primaryKeys[0]
  if (!composite) return columns.filter(({ column }) => column.primary)
  // Drizzle hands its extra configuration copies of the columns: only the names are the same.
  return composite.columns.flatMap((part) => columns.find(({ column }) => column.name === part.name) ?? [])
}

/** `schema.table`, unquoted. */
export function fullTableName(table: PgTable): { readonly schema: string; readonly name: string } {
  const { schema, name } = getTableConfig(table)
  return { schema: schema ?? 'public', name }
}
