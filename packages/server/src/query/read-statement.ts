import type { Statement } from '../db/database.ts'
import { cellSql } from './cell.ts'
import { conditionSql } from './condition-sql.ts'
import { afterSql, reversed } from './keyset.ts'
import type { ReadMany, ReadOne, ReadRank, SortTerm } from './read.ts'
import { orderBy, selectRows } from './select-rows.ts'
import { SqlText } from './sql-text.ts'

/** A total that is capped counts no further than this. */
export const TOTAL_CAP = 1_000

/**
 * A page of rows. Its one row: the JSON array; how many rows were found, one more than the limit if there are more;
 * how many there are in all, or null; the sort values of the first and of the last row, as JSON arrays; what was cut.
 */
export function readManyStatement(read: ReadMany, edge: readonly (string | null)[] | undefined): Statement {
  const sql = new SqlText()
  const where = conditionSql(read.where, 't', sql)
  const limit = sql.bindText(String(read.limit), 'int8')
  const offset = sql.bindText(String(read.offset), 'int8')
  const page = pageOf(read, where, edge, limit, offset, sql)
  // Of a page that was read backward, the row too many is the first one.
  const skip =
    read.cursor?.direction === 'backward' ? ` offset greatest((select count(*) from page) - ${limit}, 0)` : ''
  const shown = `(select * from page limit ${limit}${skip})`
  const edgeOf = (row: string) =>
    `(select json_build_array(${read.sort.map(({ column }) => `${cellSql(column, 't', sql)}::text`).join(', ')})::text from ${shown} t ${row})`
  return sql.statement(
    `with page as materialized (${page}),
    rows as (${selectRows(read, shown, 't', sql)})
    select (select coalesce(json_agg(j), '[]') from rows)::text, (select count(*) from page)::text,
      (${totalOf(read, where, limit, offset)})::text, ${edgeOf('limit 1')}, ${edgeOf(`limit 1 offset greatest(least(${limit}, (select count(*) from page)) - 1, 0)`)},
      ${read.preload.length > 0 ? "(select string_agg(cut, ',') from rows)" : 'null'}`,
  )
}

function pageOf(
  read: ReadMany,
  where: string,
  edge: readonly (string | null)[] | undefined,
  limit: string,
  offset: string,
  sql: SqlText,
): string {
  const backward = read.cursor?.direction === 'backward'
  const sort = backward ? reversed(read.sort) : read.sort
  const beyond = edge ? ` and (${afterSql(sort, edge, 't', sql)})` : ''
  const rows = `select t.* from ${read.entity.sqlName} t where (${where})${beyond} order by ${orderBy(sort, 't', sql)} limit ${limit} + 1 offset ${offset}`
  return backward ? `select t.* from (${rows}) t order by ${orderBy(read.sort, 't', sql)}` : rows
}

// A first page that is not full has shown the total already: the count runs only when it is not.
function totalOf(read: ReadMany, where: string, limit: string, offset: string): string {
  if (read.total === false) return 'null'
  const matching = `${read.entity.sqlName} t where ${where}`
  const counted =
    read.total === 'exact'
      ? `select count(*) from ${matching}`
      : `select count(*) from (select from ${matching} limit ${TOTAL_CAP + 1}) c`
  if (read.cursor) return counted
  return `case when ${offset} = 0 and (select count(*) from page) <= ${limit} then (select count(*) from page) else (${counted}) end`
}

/** One row. Its one row, if there is one: the JSON object, and what was cut. */
export function readOneStatement(read: ReadOne): Statement {
  const sql = new SqlText()
  const row = `(select t.* from ${read.entity.sqlName} t where ${conditionSql(read.where, 't', sql)} limit 1)`
  return sql.statement(`select j::text, cut from (${selectRows(read, row, 't', sql)}) rows`)
}

/** One row and its place. Its one row, if the row is in the list: the object, what was cut, its place, the total. */
export function readRankStatement(read: ReadRank): Statement {
  const sql = new SqlText()
  const ranked = `select t.*, row_number() over (order by ${orderBy(read.sort, 't', sql)}) as "mqttspec rank" from ${read.entity.sqlName} t where ${conditionSql(read.where, 't', sql)}`
  const row = conditionSql(read.row, 't', sql)
  return sql.statement(
    `with ranked as materialized (${ranked}), found as (select t.* from ranked t where ${row})
    select j::text, cut, (select "mqttspec rank" from found)::text, (select count(*) from ranked)::text
    from (${selectRows(read, 'found', 't', sql)}) rows`,
  )
}

/** The sort values of a row, as Postgres writes them. Its one row, if there is one: a cell for each term. */
export function edgeStatement(read: ReadMany, row: ReadOne['where']): Statement {
  const sql = new SqlText()
  const cells = (sort: readonly SortTerm[]) => sort.map(({ column }) => `${cellSql(column, 't', sql)}::text`).join(', ')
  return sql.statement(
    `select ${cells(read.sort)} from ${read.entity.sqlName} t where ${conditionSql(row, 't', sql)} limit 1`,
  )
}
