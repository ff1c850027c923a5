import { aliasedTable, type SQL } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import type { PgTable } from 'drizzle-orm/pg-core'
import { quoteIdentifier } from '../query/quote-identifier.ts'
import type { SqlText } from '../query/sql-text.ts'
import type { Casing } from './entity-options.ts'

/** SQL that the server wrote, over the row that `alias` names. */
export type Expression = (alias: string, sql: SqlText) => string

/** Makes an expression of what a Drizzle user writes: `(t) => sql…`. Its values become parameters of the statement. */
export function expressionOf(table: PgTable, casing: Casing, write: (table: PgTable) => SQL): Expression {
  const cache = new CasingCache(casing)
  return (alias, sql) =>
    write(aliasedTable(table, alias)).toQuery({
      casing: cache,
      escapeName: quoteIdentifier,
      escapeString: (text) => `'${text.replaceAll("'", "''")}'`,
      escapeParam: (_, value) => bindValue(value, sql),
    }).sql
}

/** A value in a user's own SQL has no type of its own there: Postgres takes the one that the expression asks for. */
function bindValue(value: unknown, sql: SqlText): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Date) return sql.bindUntyped(value.toISOString())
  return sql.bindUntyped(typeof value === 'object' ? JSON.stringify(value) : String(value))
}
