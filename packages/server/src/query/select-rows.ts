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

/**
 * Rows as JSON objects with their related rows in them, however deep, in one select: `j` is the object, `cut` the
 * places, with commas between, whose related rows were cut at their limit (or null).
 */
export function selectRows(selection: Selection, source: string, alias: string, sql: SqlText): string {
  const joins = selection.preload.map((preload, index) => join(preload, alias, `${alias}_${index}`, sql))
  const list = [selectList(selection.columns, alias, sql), ...joins.map(({ column }) => column)]
    .filter(Boolean)
    .join(', ')
  const cut = joins.length > 0 ? `nullif(concat_ws(',', ${joins.map((of) => of.cut).join(', ')}), '')` : 'null::text'
  const from = [`from ${source} ${alias}`, ...joins.map(({ text }) => text)].join('\n')
  return `select (select row_to_json(r) from (select ${list}) r) as j, ${cut} as cut ${from}`
}

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
  return `from ${entity.sqlName} ${name}t where ${pairs.join(' and ')} and (${conditionSql(where, `${name}t`, sql)})`
}

function one(preload: PreloadRead, parent: string, name: string, sql: SqlText): string {
  const row = `(select ${name}t.* ${related(preload, parent, name, sql)} limit 1)`
  return `select j as data, cut from (${selectRows(preload, row, `${name}r`, sql)}) ${name}b`
}

// One row more than the limit is looked for: it is not sent, but tells that there was more.
function many(preload: PreloadRead, parent: string, name: string, sql: SqlText): string {
  const limit = sql.bindText(String(preload.limit), 'int8')
  const offset = sql.bindText(String(preload.offset), 'int8')
  const rows = `(select ${name}t.* ${related(preload, parent, name, sql)} order by ${orderBy(preload.sort, `${name}t`, sql)} limit ${limit} + 1 offset ${offset})`
  const shown = `${name}b.n <= ${limit}`
  return `select coalesce(json_agg(${name}b.j order by ${name}b.n) filter (where ${shown}), '[]') as data,
    nullif(concat_ws(',', case when count(*) > ${limit} then '${preload.place.replaceAll("'", "''")}' end,
      string_agg(${name}b.cut, ',') filter (where ${shown})), '') as cut
    from (select row_number() over () as n, x.j, x.cut from (${selectRows(preload, rows, `${name}r`, sql)}) x) ${name}b`
}
