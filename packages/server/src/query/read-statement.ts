import type { Statement } from '../db/database.ts'
import { cellSql } from './cell.ts'
import { conditionSql } from './condition-sql.ts'
import { afterSql, reversed } from './keyset.ts'
import type { ReadMany, ReadOne, ReadRank, SortTerm } from './read.ts'
import { orderBy, rowsSql } from './select-rows.ts'
import { separated, separatedWithin } from './separated-rows.ts'
import { SqlText } from './sql-text.ts'

/** Where no place in a change stream is asked for. */
const NO_PLACE = 'null'

/** What is asked of a read beside its rows. */
export interface ReadExtras {
  /** SQL of a place in a change stream: the server's own, and the last cell. */
  readonly place?: string | undefined
  /** Rows of more bytes than this, as JSON, are too many to be told: null in their place. */
  readonly mostBytes?: number | undefined
}

/** A total that is capped counts no further than this. */
export const TOTAL_CAP = 1_000

/**
 * A page of rows. Its one row: the JSON objects in the order in which they are read, `ROW_SEPARATOR` between, or null
 * where there are none or they are too large; how many they are, one more than the limit if there are more; how many there
 * are in all, or null; the sort values of the first and of the last row that is shown, as JSON arrays, each where the page
 * at that end may need them; what was cut of each row, separated likewise. The page before a row is read, and its rows
 * counted, from that row on: it comes in reverse.
 */
export function readManyStatement(
  read: ReadMany,
  edge: readonly (string | null)[] | undefined,
  { place = NO_PLACE, mostBytes }: ReadExtras = {},
): Statement {
  const sql = new SqlText()
  const where = conditionSql(read.where, 't', sql)
  const backward = read.cursor?.direction === 'backward'
  const sort = backward ? reversed(read.sort) : read.sort
  const { row, cut, from } = rowsSql(read, `(${pageOf(read, sort, where, edge, sql)})`, 't', sql)
  const near = read.cursor || read.offset > 0 ? edgeAt('1', read, sql) : 'null'
  const limit = sql.integer(read.limit)
  const text = `${row}::text`
  const rows = mostBytes === undefined ? separated(text) : separatedWithin(text, read.limit, mostBytes)
  const far = `case when count(*) > ${limit} then ${edgeAt(limit, read, sql)} end`
  return sql.statement(
    `select ${rows}, count(*)::text, (${totalOf(read, where, sql)})::text,
      ${backward ? `${far}, ${near}` : `${near}, ${far}`}, ${cut ? separated(`coalesce(${cut}, '')`) : 'null'}, ${place}
    ${from}`,
  )
}

/** The sort values of the row at this place among those read. */
function edgeAt(position: string, { sort }: ReadMany, sql: SqlText): string {
  const values = sort.map(({ column }) => {
    const cell = cellSql(column, 't', sql)
    // Arrays of arrays would have to be of one length.
    return `(array_agg(${column.kind.element ? `${cell}::text` : cell}))[${position}]::text`
  })
  return `json_build_array(${values.join(', ')})::text`
}

function pageOf(
  read: ReadMany,
  sort: readonly SortTerm[],
  where: string,
  edge: readonly (string | null)[] | undefined,
  sql: SqlText,
): string {
  const beyond = edge ? ` and (${afterSql(sort, edge, 't', sql)})` : ''
  const offset = read.offset > 0 ? ` offset ${sql.bindText(String(read.offset), 'int8')}` : ''
  return `select t.* from ${read.entity.sqlName} t where (${where})${beyond} order by ${orderBy(sort, 't', sql)} limit ${sql.integer(read.limit + 1)}${offset}`
}

// A first page that is not full has shown the total already: the count runs only when it is not.
function totalOf(read: ReadMany, where: string, sql: SqlText): string {
  if (read.total === false) return 'null'
  const matching = `${read.entity.sqlName} t where ${where}`
  const counted =
    read.total === 'exact'
      ? `select count(*) from ${matching}`
      : `select count(*) from (select from ${matching} limit ${TOTAL_CAP + 1}) c`
  if (read.cursor || read.offset > 0) return counted
  return `case when count(*) <= ${sql.integer(read.limit)} then count(*) else (${counted}) end`
}

/** One row. Its one row, if there is one: the JSON object, or null where that is too large; what was cut; the place. */
export function readOneStatement(read: ReadOne, { place = NO_PLACE, mostBytes }: ReadExtras = {}): Statement {
  const sql = new SqlText()
  const where = conditionSql(read.where, 't', sql)
  const { row, cut, from } = rowsSql(read, read.entity.sqlName, 't', sql)
  const found = (as: readonly string[]) =>
    `select ${row}::text${as[0]}, ${cut ?? 'null'}${as[1]}, ${place}${as[2]} ${from} where ${where} limit 1`
  // A row by itself is as large as it was written; with related rows it may be any number of them.
  if (mostBytes === undefined || read.preload.length === 0) return sql.statement(found(['', '', '']))
  return sql.statement(
    `select case when octet_length(f.data) <= ${sql.integer(mostBytes)} then f.data end, f.cut, f.place
    from (${found([' as data', '::text as cut', '::text as place'])}) f`,
  )
}

/** One row and its place. Its one row, if the row is in the list: the object, what was cut, its place, the total. */
export function readRankStatement(read: ReadRank): Statement {
  const sql = new SqlText()
  const ranked = `select t.*, row_number() over (order by ${orderBy(read.sort, 't', sql)}) as "mqttspec rank" from ${read.entity.sqlName} t where ${conditionSql(read.where, 't', sql)}`
  const found = `(select t.* from ranked t where ${conditionSql(read.row, 't', sql)})`
  const { row, cut, from } = rowsSql(read, found, 't', sql)
  return sql.statement(
    `with ranked as materialized (${ranked})
    select ${row}::text, ${cut ?? 'null'}, t."mqttspec rank"::text, (select count(*) from ranked)::text ${from}`,
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
