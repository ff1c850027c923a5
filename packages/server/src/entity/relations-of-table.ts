import {
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  is,
  Many,
  normalizeRelation,
  One,
  type Column as TableColumn,
} from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import type { PgTable } from 'drizzle-orm/pg-core'
import { quoteIdentifier } from '../query/quote-identifier.ts'
import type { SchemaSource } from './check-declaration.ts'
import type { Relation } from './entity.ts'

/** The relations of a table, as the schema's `relations()` say. */
export function relationsOf(source: SchemaSource, table: PgTable): ReadonlyMap<string, Relation> {
  const { tables, tableNamesMap } = extractTablesRelationalConfig({ ...source.schema }, createTableRelationsHelpers)
  const keyOf = (related: unknown) => Object.keys(source.schema).find((key) => source.schema[key] === related) ?? ''
  const cache = new CasingCache(source.casing)
  const names = (columns: readonly TableColumn[]) =>
    columns.map((column) => quoteIdentifier(cache.getColumnCasing(column)))
  return new Map(
    Object.entries(tables[keyOf(table)]?.relations ?? {}).map(([name, relation]) => {
      const { fields, references } = normalizeRelation(tables, tableNamesMap, relation)
      const schemaKey = keyOf(relation.referencedTable)
      // The side of a pair that names its columns is the one that holds the reference.
      const refers = is(relation, One) && relation.config ? 'local' : 'foreign'
      const many = is(relation, Many)
      return [name, { name, many, schemaKey, local: names(fields), foreign: names(references), refers }]
    }),
  )
}
