import type { Statement } from '../db/database.ts'
import type { Column, Entity } from '../entity/entity.ts'
import { conditionSql } from './condition-sql.ts'
import { selectList } from './select-rows.ts'
import { SqlText } from './sql-text.ts'
import type { Create, Delete, RowValues, Update } from './write.ts'

/** Stores rows. Its one row: the JSON array for the reply, and the one with every column (null if it is the same). */
export function createStatement({ entity, rows }: Create): Statement {
  const sql = new SqlText()
  const columns = columnsOf(entity, rows)
  const names = columns.map((column) => column.sqlName).join(', ')
  const values = rows.map((row) => `(${columns.map((column) => valueSql(row, column, sql)).join(', ')})`).join(', ')
  return sql.statement(
    `with w as (insert into ${entity.sqlName} (${names}) values ${values} returning *)
    select (${manyAsJson(entity.visibleColumns, 'w')})::text, ${ifHidden(entity, `(${manyAsJson(entity.allColumns, 'w')})::text`)}`,
  )
}

/**
 * Changes one row. Its one row: was it there, the JSON object for the reply (null if it was not changed), the old row
 * and the new one with every column (the new one null if it is the same as the reply).
 */
export function updateStatement({ entity, where, values }: Update): Statement {
  const sql = new SqlText()
  // `for update` sees the newest version, also one that was committed while this waited for it: the old row is true.
  const old = `select t.* from ${entity.sqlName} t where ${conditionSql(where, 't', sql)} for update`
  const sets = [...values.keys()].map((column) => `${column.sqlName} = ${valueSql(values, column, sql)}`).join(', ')
  const same = entity.key.map((column) => `t.${column.sqlName} = old.${column.sqlName}`).join(' and ')
  return sql.statement(
    `with old as materialized (${old}),
    w as (update ${entity.sqlName} t set ${sets} from old where ${same} returning t.*)
    select (select count(*) from old)::text, (${oneAsJson(entity.visibleColumns, 'w')})::text,
      (${oneAsJson(entity.allColumns, 'old')})::text, ${ifHidden(entity, `(${oneAsJson(entity.allColumns, 'w')})::text`)}`,
  )
}

/** Deletes one row. Its one row: the old row with every column, or null if there was none. */
export function deleteStatement({ entity, where }: Delete): Statement {
  const sql = new SqlText()
  return sql.statement(
    `with w as (delete from ${entity.sqlName} t where ${conditionSql(where, 't', sql)} returning t.*)
    select (${oneAsJson(entity.allColumns, 'w')})::text`,
  )
}

/** The columns that any of the rows names; with none, the key, which then takes its default. */
function columnsOf(entity: Entity, rows: readonly RowValues[]): readonly Column[] {
  const named = entity.allColumns.filter((column) => rows.some((row) => row.has(column)))
  return named.length > 0 ? named : entity.key
}

function valueSql(row: RowValues, column: Column, sql: SqlText): string {
  const literal = row.get(column)
  if (literal === undefined) return 'default'
  return literal === null ? sql.bindText(null, column.kind.cast) : sql.bind(literal)
}

const manyAsJson = (columns: readonly Column[], source: string) =>
  `select coalesce(json_agg(r), '[]') from (select ${selectList(columns, 't')} from ${source} t) r`

const oneAsJson = (columns: readonly Column[], source: string) =>
  `select row_to_json(r) from (select ${selectList(columns, 't')} from ${source} t) r`

/** The rows with their hidden columns are asked for only where there are any. */
const ifHidden = (entity: Entity, expression: string) =>
  entity.allColumns.length > entity.visibleColumns.length ? expression : 'null::text'
