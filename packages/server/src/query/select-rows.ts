import type { Column } from '../entity/entity.ts'
import { cellSql } from './cell.ts'
import { conditionSql } from './condition-sql.ts'
import { quoteIdentifier } from './quote-identifier.ts'
import type { PreloadRead, Selection, SortTerm } from './read.ts'
import type { SqlText } from './sql-text.ts'

/** The select list that gives columns under their wire names, in the wire's form. */
export function selectList(columns: readonly Column[], alias: string, sql: SqlText): string {
  return columns
    .map((column) => `${column.kind.select(cellSql(column, alias, sql))} as ${quoteIdentifier(column.name)}`)
    .join(', ')
}

/** The ORDER BY of some terms. */
export function orderBy(sort: readonly SortTerm[], alias: string, sql: SqlText): string {
  return sort
    .map(({ column, descending, nulls }) => {
      const direction = descending ? ' desc' : ''
      return `${cellSql(column, alias, sql)}${direction}${nulls ? ` nulls ${nulls}` : ''}`
    })
    .join(', ')
}

/** Rows as JSON objects with their related rows in them, however deep, as the parts of one select. */
export interface RowsSql {
  /** The object, `json`. */
  readonly row: string
  /** The places whose related rows were cut at their limit, with commas between, or null; undefined if none can be. */
  readonly cut: string | undefined
  readonly from: string
}

/**
 * The rows of `source`, which the select names `alias`. The object is made of a row of its own that is joined
 * laterally, and not of a sub-select, which Postgres would start anew for every row.
 */
export function rowsSql(selection: Selection, source: string, alias: string, sql: SqlText): RowsSql {
  const joins = selection.preload.map((preload, index) => join(preload, alias, `${alias}_${index}`, sql))
  const list = [selectList(selection.columns, alias, sql), ...joins.map(({ column }) => column)]
    .filter(Boolean)
    .join(', ')
  return {
    row: 'row_to_json(r)',
    cut: joins.length > 0 ? `nullif(concat_ws(',', ${joins.map((of) => of.cut).join(', ')}), '')` : undefined,
    from: [`from ${source} ${alias}`, ...joins.map(({ text }) => text), `cross join lateral (select ${list}) r`].join(
      '\n',
    ),
  }
}

/** The place of a row among those of a sorted source: no column that a user would have. */
const PLACE = '"mqttspec place"'

/** Sorted rows with their place, from 1, as `placeOf` names it. */
export const placed = (rows: string): string => `(select p.*, row_number() over () as ${PLACE} from (${rows}) p)`

/** The place of a row of `placed`. */
export const placeOf = (alias: string): string => `${alias}.${PLACE}`

interface Join {
  readonly text: string
  /** The select item that gives the related rows under the relation's name. */
  readonly column: string
  readonly cut: string
}

/** Joins each row with its related ones. LATERAL, so that filter, order and limit are each parent's own. */
function join(preload: PreloadRead, parent: string, name: string, sql: SqlText): Join {
  const { relation } = preload
  const text = `left join lateral (${relation.many ? many(preload, parent, name, sql) : one(preload, parent, name, sql)}) ${name} on true`
  return { text, column: `${name}.data as ${quoteIdentifier(relation.name)}`, cut: `${name}.cut` }
}

function related(preload: PreloadRead, parent: string, name: string, sql: SqlText): string {
  const { relation, entity, where } = preload
  const pairs = relation.local.map((local, index) => `${name}t.${relation.foreign[index]} = ${parent}.${local}`)
  return `select ${name}t.* from ${entity.sqlName} ${name}t where ${pairs.join(' and ')} and (${conditionSql(where, `${name}t`, sql)})`
}

function one(preload: PreloadRead, parent: string, name: string, sql: SqlText): string {
  const rows = rowsSql(preload, `(${related(preload, parent, name, sql)} limit 1)`, `${name}r`, sql)
  return `select ${rows.row} as data, ${rows.cut ?? 'null::text'} as cut ${rows.from}`
}

// One row more than the limit is looked for: it is not sent, but tells that there was more.
function many(preload: PreloadRead, parent: string, name: string, sql: SqlText): string {
  const limit = sql.integer(preload.limit)
  const offset = preload.offset > 0 ? ` offset ${sql.bindText(String(preload.offset), 'int8')}` : ''
  const sorted = `${related(preload, parent, name, sql)} order by ${orderBy(preload.sort, `${name}t`, sql)} limit ${sql.integer(preload.limit + 1)}${offset}`
  const { row, cut, from } = rowsSql(preload, placed(sorted), `${name}r`, sql)
  const shown = `filter (where ${placeOf(`${name}r`)} <= ${limit})`
  const own = `case when count(*) > ${limit} then '${preload.place.replaceAll("'", "''")}' end`
  return `select coalesce(json_agg(${row}) ${shown}, '[]') as data,
    ${cut ? `nullif(concat_ws(',', ${own}, string_agg(${cut}, ',') ${shown}), '')` : own} as cut ${from}`
}
