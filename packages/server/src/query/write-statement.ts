import type { Statement } from '../db/database.ts'
import type { Column, Entity } from '../entity/entity.ts'
import { checkSql } from './check-sql.ts'
import type { Condition } from './condition.ts'
import { conditionSql } from './condition-sql.ts'
import { finishWrite, type ReplyData, type ReplyOf } from './request-log.ts'
import { selectList } from './select-rows.ts'
import { SqlText } from './sql-text.ts'
import type { Create, OnConflict, RowCheck, RowValues, Target } from './write.ts'

/**
 * Stores rows. Its one row: the JSON array for the reply; the one with every column (null if it is the same); and of
 * each row that was there before, in order, its old form or null (null as a whole if no row could have been there).
 */
export function createStatement(
  { entity, onConflict, visible }: Omit<Create, 'rows'>,
  rows: readonly RowValues[],
  check: RowCheck | undefined,
  reply?: ReplyOf,
): Statement {
  const sql = new SqlText()
  const columns = columnsOf(entity, rows)
  const names = columns.map((column) => column.sqlName).join(', ')
  const values = rows.map((row) => `(${columns.map((column) => valueSql(row, column, sql)).join(', ')})`).join(', ')
  const insert = `insert into ${entity.sqlName} as t (${names}) values ${values}`
  const [row] = rows
  if (onConflict && row)
    return upsertStatement(entity, row, { ...onConflict, visible, check, reply }, insert, columns, sql)
  const cells = [
    `(${manyAsJson(entity.visibleColumns, 'w', sql)})::text`,
    ifHidden(entity, `(${manyAsJson(entity.allColumns, 'w', sql)})::text`),
    'null::text',
    checked(entity, check, sql),
  ]
  return finishWrite([`w as (${insert} returning *)`], cells, createdData(reply), reply, sql)
}

/** Stores a row, or changes the one that has the same unique columns, or leaves it as it is. */
function upsertStatement(
  entity: Entity,
  row: RowValues,
  onConflict: OnConflict & {
    readonly visible: Condition
    readonly check: RowCheck | undefined
    readonly reply: ReplyOf | undefined
  },
  insert: string,
  columns: readonly Column[],
  sql: SqlText,
): Statement {
  const target = onConflict.columns.map((column) => column.sqlName).join(', ')
  const same = [
    ...onConflict.columns.map((column) => `t.${column.sqlName} = ${valueSql(row, column, sql)}`),
    `(${conditionSql(onConflict.visible, 't', sql)})`,
  ].join(' and ')
  const set = columns.filter((column) => !column.isKey && !column.stamped && !onConflict.columns.includes(column))
  const updates = onConflict.do === 'update' && set.length > 0
  const action = updates
    ? `update set ${set.map(({ sqlName }) => `${sqlName} = excluded.${sqlName}`).join(', ')} where ${conditionSql(onConflict.visible, 't', sql)}`
    : 'nothing'
  // What "nothing" left as it is belongs in the reply, but it is no change.
  const result = updates
    ? 'select * from w'
    : 'select * from w union all select * from old where not exists (select from w)'
  const ctes = [
    `old as materialized (select t.* from ${entity.sqlName} t where ${same} for update)`,
    `w as (${insert} on conflict (${target}) do ${action} returning *)`,
    `stored as (${result})`,
  ]
  const cells = [
    `(${manyAsJson(entity.visibleColumns, 'stored', sql)})::text`,
    ifHidden(entity, `(${manyAsJson(entity.allColumns, 'stored', sql)})::text`),
    `(select coalesce(json_agg(r), '[null]') from (select ${selectList(entity.allColumns, 't', sql)} from old t) r)::text`,
    checked(entity, onConflict.check, sql),
  ]
  return finishWrite(ctes, cells, createdData(onConflict.reply), onConflict.reply, sql)
}

/**
 * Changes one row. Its one row: was it there, the JSON object for the reply (null if it was not changed), the old row
 * and the new one with every column (the new one null if it is the same as the reply).
 */
export function updateStatement(
  { entity, where, holds }: Omit<Target, 'key'>,
  values: RowValues,
  check: RowCheck | undefined,
  reply?: ReplyOf,
): Statement {
  const sql = new SqlText()
  const old = lockedRow(entity, where, sql)
  const sets = [...values.keys()].map((column) => `${column.sqlName} = ${valueSql(values, column, sql)}`).join(', ')
  const ctes = [
    `old as materialized (${old})`,
    `w as (update ${entity.sqlName} t set ${sets} from old where ${sameRow(entity, holds, sql)} returning t.*)`,
  ]
  const cells = [
    '(select count(*) from old)::text',
    `(${oneAsJson(entity.visibleColumns, 'w', sql)})::text`,
    `(${oneAsJson(entity.allColumns, 'old', sql)})::text`,
    ifHidden(entity, `(${oneAsJson(entity.allColumns, 'w', sql)})::text`),
    checked(entity, check, sql),
  ]
  const data = { expression: reply?.list ? "'[' || c1 || ']'" : 'c1', where: 'c1 is not null', cell: 'c1' }
  return finishWrite(ctes, cells, data, reply, sql)
}

/** Locks one row without changing it. Its row is as that of `updateStatement`. */
export function lockStatement({ entity, where, holds }: Omit<Target, 'key'>): Statement {
  const sql = new SqlText()
  const old = lockedRow(entity, where, sql)
  return sql.statement(
    `with old as materialized (${old}), w as (select t.* from old t where ${holds ? conditionSql(holds, 't', sql) : 'true'})
    select (select count(*) from old)::text, (${oneAsJson(entity.visibleColumns, 'w', sql)})::text,
      (${oneAsJson(entity.allColumns, 'old', sql)})::text, ${ifHidden(entity, `(${oneAsJson(entity.allColumns, 'w', sql)})::text`)}`,
  )
}

/** Deletes one row. Its one row: was it there, and the old row with every column, or null if it was not deleted. */
export function deleteStatement({ entity, where, holds }: Omit<Target, 'key'>, reply?: ReplyOf): Statement {
  const sql = new SqlText()
  const old = lockedRow(entity, where, sql)
  const ctes = [
    `old as materialized (${old})`,
    `w as (delete from ${entity.sqlName} t using old where ${sameRow(entity, holds, sql)} returning t.*)`,
  ]
  const cells = ['(select count(*) from old)::text', `(${oneAsJson(entity.allColumns, 'w', sql)})::text`]
  const data = { expression: `'{"deleted":${reply?.list ? '1' : 'true'}}'`, where: 'c1 is not null' }
  return finishWrite(ctes, cells, data, reply, sql)
}

/** The data of a create's reply: the array, or its one object. */
const createdData = (reply: ReplyOf | undefined): ReplyData => ({
  expression: reply?.list ? 'c0' : 'substr(c0, 2, length(c0) - 2)',
  where: "c0 <> '[]'",
  cell: 'c0',
})

const checked = (entity: Entity, check: RowCheck | undefined, sql: SqlText) =>
  check ? checkSql(entity, check, 'w', sql) : 'null::text'

// `for update` sees the newest version, also one that was committed while this waited for it: the old row is true.
const lockedRow = (entity: Entity, where: Condition, sql: SqlText) =>
  `select t.* from ${entity.sqlName} t where ${conditionSql(where, 't', sql)} for update`

function sameRow(entity: Entity, holds: Condition | undefined, sql: SqlText): string {
  const same = entity.key.map((column) => `t.${column.sqlName} = old.${column.sqlName}`).join(' and ')
  return holds ? `${same} and (${conditionSql(holds, 't', sql)})` : same
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

const manyAsJson = (columns: readonly Column[], source: string, sql: SqlText) =>
  `select coalesce(json_agg(r), '[]') from (select ${selectList(columns, 't', sql)} from ${source} t) r`

const oneAsJson = (columns: readonly Column[], source: string, sql: SqlText) =>
  `select row_to_json(r) from (select ${selectList(columns, 't', sql)} from ${source} t) r`

/** The rows with their hidden columns are asked for only where there are any. */
const ifHidden = (entity: Entity, expression: string) =>
  entity.allColumns.length > entity.visibleColumns.length ? expression : 'null::text'
