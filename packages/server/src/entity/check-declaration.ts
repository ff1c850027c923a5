import { is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { Casing, EntityDeclaration, WireNames } from './entity-options.ts'
import { fullTableName, primaryKeyOf, tableColumns } from './table-columns.ts'

/** What a `defineSpec` call said, as far as entities are concerned. */
export interface SchemaSource {
  readonly schema: Readonly<Record<string, unknown>>
  readonly wireNames: WireNames
  readonly casing: Casing
}

// row_to_json names a JSON key by the SQL alias, and Postgres cuts an alias after 63 bytes.
const MAX_NAME_BYTES = 63

/** The table of a declaration. Throws, for the programmer, when the declaration cannot be. */
export function checkDeclaration(source: SchemaSource, { schemaKey, options }: EntityDeclaration): PgTable {
  const table = Object.hasOwn(source.schema, schemaKey) ? source.schema[schemaKey] : undefined
  if (!is(table, PgTable)) {
    const tables = Object.keys(source.schema).filter((key) => is(source.schema[key], PgTable))
    throw new Error(`entity "${schemaKey}": the schema has no such table; it has ${tables.join(', ') || 'none'}`)
  }
  const columns = tableColumns(table, source.wireNames, source.casing)
  const key = primaryKeyOf(table, columns)
  if (key.length === 0) {
    throw new Error(
      `entity "${schemaKey}": table ${fullTableName(table).name} has no primary key, so no row can be named`,
    )
  }
  for (const name of options.omit ?? []) {
    if (!columns.some(({ wireName }) => wireName === name)) {
      throw new Error(`entity "${schemaKey}": omit names "${name}", which is no column of it`)
    }
    if (key.some(({ wireName }) => wireName === name)) {
      throw new Error(`entity "${schemaKey}": "${name}" is in the primary key and cannot be left out`)
    }
  }
  for (const name of Object.keys(options.stamp ?? {})) {
    if (!columns.some(({ wireName }) => wireName === name)) {
      throw new Error(`entity "${schemaKey}": stamp names "${name}", which is no column of it`)
    }
  }
  for (const { wireName } of columns) {
    if (Buffer.byteLength(wireName) > MAX_NAME_BYTES) {
      throw new Error(`entity "${schemaKey}": column name "${wireName}" is longer than ${MAX_NAME_BYTES} bytes`)
    }
  }
  return table
}
