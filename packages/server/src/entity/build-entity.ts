import { is } from 'drizzle-orm'
import { type PgColumn, type PgEnum, PgEnumColumn } from 'drizzle-orm/pg-core'
import { kindOfType, type TypeFacts } from '../column/kind-of-type.ts'
import type { Catalog, CatalogTable } from '../db/catalog.ts'
import { quoteIdentifier } from '../query/quote-identifier.ts'
import { checkDeclaration, type SchemaSource } from './check-declaration.ts'
import type { Column, Entity } from './entity.ts'
import type { EntityDeclaration } from './entity-options.ts'
import { expressionOf } from './expression.ts'
import { relationsOf } from './relations-of-table.ts'
import { fullTableName, primaryKeyOf, type TableColumn, tableColumns } from './table-columns.ts'

/**
 * Makes an entity of a declaration and of what the database knows of its table. Throws, for who runs the server, when
 * the database lacks the table or a column.
 */
export function buildEntity(source: SchemaSource, declaration: EntityDeclaration, catalog: Catalog): Entity {
  const table = checkDeclaration(source, declaration)
  const { schema, name } = fullTableName(table)
  const tableName = `${schema}.${name}`
  const known = catalog.get(tableName)
  if (!known) throw new Error(`the database has no table ${tableName}: run its migrations, or set createTables: true`)
  const columns = tableColumns(table, source.wireNames, source.casing)
  const key = new Set(primaryKeyOf(table, columns))
  const hidden = new Set(declaration.options.omit)
  const stamped = new Set(Object.keys(declaration.options.stamp ?? {}))
  const built = columns.map((column) => buildColumn(column, key.has(column), { hidden, stamped }, known, tableName))
  const visible = built.filter((column) => !column.hidden)
  return {
    name: declaration.options.name ?? declaration.schemaKey,
    schemaKey: declaration.schemaKey,
    schema,
    tableName,
    sqlName: `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
    table,
    columns: new Map(visible.map((column) => [column.name, column])),
    visibleColumns: visible,
    allColumns: built,
    everyColumn: new Map(built.map((column) => [column.name, column])),
    key: [...key].flatMap(({ wireName }) => built.find((column) => column.name === wireName) ?? []),
    relations: relationsOf(source, table),
    computed: new Map(),
    operators: new Map(
      Object.entries(declaration.options.operators ?? {}).map(([operator, write]) => [
        operator,
        (value: unknown) => expressionOf(table, source.casing, (aliased) => write(aliased, value)),
      ]),
    ),
    ...constraintsOf(known, columns, hidden),
    foreignKeys: known.foreignKeys.map((key) => ({
      ...key,
      local: key.local.map(quoteIdentifier),
      foreign: key.foreign.map(quoteIdentifier),
    })),
    rules: declaration.options,
  }
}

function buildColumn(
  { column, databaseName, wireName }: TableColumn,
  isKey: boolean,
  { hidden, stamped }: { readonly hidden: ReadonlySet<string>; readonly stamped: ReadonlySet<string> },
  known: CatalogTable,
  tableName: string,
): Column {
  const facts = known.columns.get(databaseName)
  if (!facts) throw new Error(`the database's table ${tableName} has no column ${databaseName}: run its migrations`)
  return {
    name: wireName,
    sqlName: quoteIdentifier(databaseName),
    kind: kindOfType(typeFacts(column, facts.collation)),
    folding: facts.folding,
    nullable: !column.notNull && !isKey,
    hasDefault: column.hasDefault,
    generated: column.generated !== undefined || column.generatedIdentity?.type === 'always',
    isKey,
    hidden: hidden.has(wireName),
    stamped: stamped.has(wireName),
    unique: facts.unique,
    indexed: facts.indexed,
  }
}

function typeFacts(column: PgColumn, collation: 'C' | 'other'): TypeFacts {
  const sqlType = column.getSQLType()
  const enumeration = enumOf(column)
  if (!enumeration) return { sqlType, collation }
  const cast = `${enumeration.schema ? `${quoteIdentifier(enumeration.schema)}.` : ''}${quoteIdentifier(enumeration.enumName)}`
  return { sqlType, collation, enumeration: { labels: enumeration.enumValues, cast } }
}

/** The enum of a column, or of the elements of an array column. */
function enumOf(column: PgColumn): PgEnum<[string, ...string[]]> | undefined {
  if (is(column, PgEnumColumn)) return column.enum
  const element = 'baseColumn' in column ? (column.baseColumn as PgColumn) : undefined
  return element && enumOf(element)
}

function constraintsOf(known: CatalogTable, columns: readonly TableColumn[], hidden: ReadonlySet<string>) {
  const wireNames = (names: readonly string[]) =>
    names.map((name) => columns.find(({ databaseName }) => databaseName === name)?.wireName ?? name)
  return {
    constraints: new Map(
      [...known.constraints].map(
        ([name, of]) => [name, wireNames(of).filter((column) => !hidden.has(column))] as const,
      ),
    ),
    uniques: known.uniques.map(wireNames),
  }
}
