import type { Statement } from '../db/database.ts'
import type { Column } from '../entity/entity.ts'
import type { AggregateRead, Figure } from './aggregate.ts'
import { cellSql } from './cell.ts'
import { conditionSql } from './condition-sql.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import { SqlText } from './sql-text.ts'

/** Figures per group. Its one row: the JSON array of groups, and how many there are in it. */
export function aggregateStatement(read: AggregateRead): Statement {
  const sql = new SqlText()
  const where = conditionSql(read.where, 't', sql)
  // A computed column stands in the text once, under a name: its parameters would make each place another expression.
  const computed = read.groupBy.filter(({ expression }) => expression)
  const source = `(select t.*${computed.map((column) => `, ${cellSql(column, 't', sql)} as ${groupName(column)}`).join('')} from ${read.entity.sqlName} t where ${where}) t`
  const group = (column: Column) => (column.expression ? `t.${groupName(column)}` : cellSql(column, 't', sql))
  const fields = [
    ...read.groupBy.map((column) => [column.name, column.kind.select(group(column))] as const),
    ...read.figures.map((figure) => [figure.alias, wireFigure(figure, sql)] as const),
  ].map(([name, value]) => `${sql.bindText(name, 'text')}, ${value}`)
  const order = read.sort.map(({ by, descending, nulls }) => {
    const value = 'fn' in by ? figureSql(by, sql) : group(by)
    return `${value}${descending ? ' desc' : ''}${nulls ? ` nulls ${nulls}` : ''}`
  })
  const offset = read.offset > 0 ? ` offset ${sql.bindText(String(read.offset), 'int8')}` : ''
  const clauses = [
    `select json_build_object(${fields.join(', ')}) as j from ${source}`,
    read.groupBy.length > 0 ? `group by ${read.groupBy.map(group).join(', ')}` : '',
    order.length > 0 ? `order by ${order.join(', ')}` : '',
    `limit ${sql.integer(read.limit)}${offset}`,
  ]
  return sql.statement(`select coalesce(json_agg(j), '[]')::text, count(*)::text from (${clauses.join(' ')}) r`)
}

const groupName = (column: Column): string => quoteIdentifier(`mqttspec ${column.name}`)

function figureSql({ fn, column }: Figure, sql: SqlText): string {
  return `${fn}(${column ? cellSql(column, 't', sql) : '*'})`
}

/** A figure in the wire's form: counts are numbers, sums and averages of whole or decimal numbers are strings. */
function wireFigure(figure: Figure, sql: SqlText): string {
  const value = figureSql(figure, sql)
  if (figure.fn === 'count') return value
  if (figure.fn === 'min' || figure.fn === 'max') return figure.column?.kind.select(value) ?? value
  const isFloat = figure.column?.kind.cast.startsWith('float')
  return isFloat ? value : `${value}::text`
}
