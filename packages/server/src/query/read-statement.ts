import type { Statement } from '../db/database.ts'
import type { Column } from '../entity/entity.ts'
import { conditionSql } from './condition-sql.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import type { ReadMany, ReadOne, SortTerm } from './read.ts'
import { SqlText } from './sql-text.ts'

/** A total that is capped counts no further than this. */
export const TOTAL_CAP = 1_000

/** The select list that gives columns under their wire names, in the wire's form. */
export function selectList(columns: readonly Column[], alias: string): string {
  return columns
    .map((column) => `${column.kind.select(`${alias}.${column.sqlName}`)} as ${quoteIdentifier(column.name)}`)
    .join(', ')
}

/** A page of rows. Its one row: the JSON array, how many rows are in it, and how many there are (or null). */
export function readManyStatement(read: ReadMany): Statement {
  const sql = new SqlText()
  const where = conditionSql(read.where, 't', sql)
  const limit = sql.bindText(String(read.limit), 'int8')
  const offset = sql.bindText(String(read.offset), 'int8')
  const rows = `select ${selectList(read.columns, 't')} from ${read.entity.sqlName} t where ${where} order by ${orderBy(read.sort, 't')} limit ${limit} offset ${offset}`
  return sql.statement(
    `select coalesce(json_agg(r), '[]')::text, count(*)::text, ${totalOf(read, where, limit, offset)} from (${rows}) r`,
  )
}

/** One row. Its one row, if there is one: the JSON object. */
export function readOneStatement(read: ReadOne): Statement {
  const sql = new SqlText()
  const where = conditionSql(read.where, 't', sql)
  const row = `select ${selectList(read.columns, 't')} from ${read.entity.sqlName} t where ${where} limit 1`
  return sql.statement(`select row_to_json(r)::text from (${row}) r`)
}

/** The ORDER BY of some terms. */
export function orderBy(sort: readonly SortTerm[], alias: string): string {
  return sort
    .map(({ column, descending, nulls }) => {
      const direction = descending ? ' desc' : ''
      return `${alias}.${column.sqlName}${direction}${nulls ? ` nulls ${nulls}` : ''}`
    })
    .join(', ')
}

// A first page that is not full has shown the total already: the count runs only when it is not.
function totalOf(read: ReadMany, where: string, limit: string, offset: string): string {
  if (read.total === false) return 'null::text'
  const matching = `${read.entity.sqlName} t where ${where}`
  const counted =
    read.total === 'exact'
      ? `select count(*) from ${matching}`
      : `select count(*) from (select from ${matching} limit ${TOTAL_CAP + 1}) c`
  return `(case when ${offset} = 0 and count(*) < ${limit} then count(*) else (${counted}) end)::text`
}
