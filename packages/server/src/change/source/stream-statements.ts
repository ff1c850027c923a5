import type { Statement } from '../../db/database.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Condition } from '../../query/condition.ts'
import { conditionSql } from '../../query/condition-sql.ts'
import { selectList } from '../../query/select-rows.ts'
import { SqlText } from '../../query/sql-text.ts'

/** Any number, as long as it is always this one. */
const SEQUENCER_LOCK = '6073270420'

const plain = (text: string): Statement => ({ text, params: [] })

/** Takes the turn to give positions: one server at a time, until the end of its transaction. */
export const LOCK_SEQUENCER = plain(`select pg_advisory_xact_lock(${SEQUENCER_LOCK})::text`)

/**
 * Gives positions to every change that has become visible since the last time. It MUST be a statement of its own
 * after the lock, so that its snapshot is not older than the one of the server before. No row, or one: the first
 * position.
 *
 * "Not seen then" is `xid >= xmax or xid in progress`, and "seen now" is what this statement sees. An id beyond the
 * last one covers transaction ids that a crash of the database has given away again. Within the batch transactions
 * come in the order of their last change: that one is younger than every change of a transaction that it has seen.
 */
export const SEQUENCE = plain(`
  with s as (select pos, seen::pg_snapshot as seen, last_id from mqttspec.stream),
  fresh as (
    select c.id, c.xid, max(c.id) over (partition by c.xid) as ends from mqttspec.change c, s
    where c.xid >= pg_snapshot_xmax(s.seen) or c.xid in (select pg_snapshot_xip(s.seen)) or c.id > s.last_id),
  batch as (
    insert into mqttspec.batch (first, ids)
    select s.pos + 1, array_agg(f.id order by f.ends, f.xid, f.id) from s, fresh f group by s.pos returning first, ids),
  moved as (
    update mqttspec.stream set seen = pg_current_snapshot()::text,
      pos = coalesce((select first + cardinality(ids) - 1 from batch), stream.pos),
      last_id = greatest(last_id, coalesce((select max(id) from fresh), 0))
    where exists (select from batch) returning 1)
  select first::text from batch, moved`)

/** Is there anything that has no position yet? */
export const ANY_FRESH = plain(`
  select '1' from mqttspec.change c, mqttspec.stream s
  where c.xid >= pg_snapshot_xmax(s.seen::pg_snapshot) or c.xid in (select pg_snapshot_xip(s.seen::pg_snapshot)) or c.id > s.last_id
  limit 1`)

/** How far the stream is, how far it was pruned, its epoch, and what is visible now. */
export const WHERE_NOW = plain(`
  select s.pos::text, s.pruned::text, s.epoch::text, pg_current_snapshot()::text from mqttspec.stream s`)

/** SQL of the place at which a statement that has it reads: how far the stream is, and what is visible. */
export const PLACE = "(select s.pos::text || '/' || pg_current_snapshot()::text from mqttspec.stream s)"

/** The changes at positions after one and up to another: position, id, transaction, table, operation, time. */
export function changesBetween(after: bigint, upTo: bigint, limit: number): Statement {
  const text = `
    select (b.first + u.n - 1)::text, c.id::text, c.xid::text, c.tbl, c.op::text,
      to_json(c.at at time zone 'UTC') #>> '{}'
    from mqttspec.batch b cross join lateral unnest(b.ids) with ordinality as u(id, n)
      join mqttspec.change c on c.id = u.id
    where b.first + cardinality(b.ids) > $1::text::int8 + 1 and b.first <= $2::text::int8
      and b.first + u.n - 1 > $1::text::int8 and b.first + u.n - 1 <= $2::text::int8
    order by b.first, u.n limit $3::text::int8`
  return { text, params: [String(after), String(upTo), String(limit)] }
}

/** The rows of some changes of one table, as the wire has them: id, old, new. */
export function rowsOfChanges(entity: Entity, ids: readonly string[]): Statement {
  const sql = new SqlText()
  const row = (cell: string) => `case when ${cell} is not null then (select row_to_json(r)::text
    from (select ${selectList(entity.allColumns, 't', sql)} from json_populate_record(null::${entity.sqlName}, ${cell}) t) r) end`
  const list = sql.bindText(`{${ids.join(',')}}`, 'int8[]')
  return sql.statement(
    `select c.id::text, ${row('c.old')}, ${row('c.new')} from mqttspec.change c where c.id = any(${list})`,
  )
}

/** The rows of a set with every column, and the place at which they are read: JSON array, position, snapshot. */
export function rowsOfSet(entity: Entity, where: Condition, limit: number): Statement {
  const sql = new SqlText()
  const rows = `select ${selectList(entity.allColumns, 't', sql)} from ${entity.sqlName} t where ${conditionSql(where, 't', sql)} limit ${sql.bindText(String(limit), 'int8')}`
  return sql.statement(`select (select coalesce(json_agg(r), '[]') from (${rows}) r)::text,
    (select pos from mqttspec.stream)::text, pg_current_snapshot()::text`)
}

/** Forgets batches older than this many milliseconds, or beyond this many changes. Its rows: the last position of each. */
export function prune(maxAgeMs: number, maxChanges: number): Statement {
  const text = `
    with s as (select pos from mqttspec.stream),
    old as (
      select b.first, b.ids from mqttspec.batch b, s
      where b.at < clock_timestamp() - $1::text::int8 * interval '1 millisecond'
        or b.first + cardinality(b.ids) - 1 <= s.pos - $2::text::int8
      order by b.first limit 500),
    changes as (delete from mqttspec.change c using old o where c.id = any(o.ids)),
    batches as (delete from mqttspec.batch b using old o where b.first = o.first),
    moved as (
      update mqttspec.stream set pruned = greatest(pruned, (select max(first + cardinality(ids) - 1) from old))
      where exists (select from old))
    select count(*)::text from old`
  return { text, params: [String(maxAgeMs), String(maxChanges)] }
}

/** Forgets requests that were answered longer ago than this. */
export function pruneRequests(maxAgeMs: number): Statement {
  const text = `with old as (delete from mqttspec.request where at < clock_timestamp() - $1::text::int8 * interval '1 millisecond' returning 1)
    select count(*)::text from old`
  return { text, params: [String(maxAgeMs)] }
}
