import type { Column } from '../entity/entity.ts'
import type { SqlText } from './sql-text.ts'

/** The SQL of a column's cell in the row that `alias` names: the column, or the server's own expression. */
export function cellSql(column: Column, alias: string, sql: SqlText): string {
  return column.expression ? `(${column.expression(alias, sql)})` : `${alias}.${column.sqlName}`
}
