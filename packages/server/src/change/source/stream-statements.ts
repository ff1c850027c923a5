import type { Cells, Statement } from '../../db/database.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Condition } from '../../query/condition.ts'
import { conditionSql } from '../../query/condition-sql.ts'
import { selectList } from '../../query/select-rows.ts'
import { SqlText } from '../../query/sql-text.ts'

const plain = (text: string): Statement => ({ text, params: [] })

/**
 * Takes the turn to give positions: one server at a time, until the end of its transaction. Its row: how far the stream
 * is, what it has seen (xmax, list of transactions in progress) and the last id.
 */
export const TAKE_TURN = plain(`
  select s.pos::text, pg_snapshot_xmax(s.seen::pg_snapshot)::text,
    array(select pg_snapshot_xip(s.seen::pg_snapshot))::text, s.last_id::text
  from mqttspec.stream s for update`)

/**
 * Gives positions to every change that has become visible since the last time, which the row of `TAKE_TURN` says. It
 * MUST be a statement of its own after that one, so that its snapshot is not older than the one of the server before.
 *
 * "Not seen then" is `xid >= xmax or xid in progress`, and "seen now" is what this statement sees. An id beyond the
 * last one covers transaction ids that a crash of the database has given away again. Within the batch transactions
 * come in the order of their last change: that one is younger than every change of a transaction that it has seen.
 * What was seen are parameters, and each range has both its ends, so that Postgres expects little of them and looks them
 * up in indexes, also before it has statistics, instead of reading the whole log.
 *
 * Its row, if there were any: the first position, and whether `untangle` MUST follow, in the same transaction.
 */
export function sequence(turn: Cells): Statement {
  const text = `
  with fresh as (
    select c.id, c.xid, c.nested, max(c.id) over (partition by c.xid) as ends from mqttspec.change c
    where (c.xid >= $2::text::xid8 and c.xid <= '18446744073709551615'::xid8) or c.xid = any($3::text::xid8[])
      or (c.id > $4::text::int8 and c.id <= 9223372036854775807)),
  batch as (
    insert into mqttspec.batch (first, ids)
    select $1::text::int8 + 1, array_agg(f.id order by f.ends, f.xid, f.id) from fresh f having count(*) > 0
    returning first, ids, mark),
  moved as (
    update mqttspec.stream set seen = pg_current_snapshot()::text, pos = b.first + cardinality(b.ids) - 1, mark = b.mark,
      last_id = greatest(last_id, (select max(id) from fresh))
    from batch b returning 1)
  select first::text, (select bool_or(nested) from fresh)::text from batch, moved`
  return { text, params: turn.slice(0, 4).map((cell) => cell ?? null) }
}

/**
 * Puts a batch in order in which triggers have changed rows. Theirs are captured before the rest of the statement that
 * set them off: a change that has made what one with an earlier id has ended comes just before that one.
 */
export const untangle = (first: string): Statement => ({
  text: `
  with recursive fresh as (
    select c.id, c.xid, c.rel, c.was, c.made, max(c.id) over whole as ends, bool_or(c.nested) over whole as nested
    from mqttspec.batch b cross join unnest(b.ids) i(id) join mqttspec.change c on c.id = i.id
    where b.first = $1::text::int8 window whole as (partition by c.xid)),
  state as (
    select id, makes, min(id) filter (where not makes) over (partition by xid, rel, place) as ended from (
      select id, xid, rel, made as place, true as makes from fresh where nested and made is not null
      union all select id, xid, rel, was, false from fresh where nested and was is not null) s),
  overtaken (id, before) as (
    select id, ended from state where makes and ended < id
    union all select o.id, s.ended from overtaken o join state s on s.id = o.before and s.makes and s.ended < s.id),
  placed as (
    select f.id, f.xid, f.ends, coalesce(min(o.before), f.id) as place, count(o.before) as rank
    from fresh f left join overtaken o on o.id = f.id group by f.id, f.xid, f.ends)
  update mqttspec.batch b set ids = (select array_agg(p.id order by p.ends, p.xid, p.place, p.rank desc) from placed p)
  where b.first = $1::text::int8`,
  params: [first],
})

/** Is there anything that has no position yet? No row, or one. Each look is one step into an index. */
export const ANY_FRESH = plain(`
  select '1' from (select pg_snapshot_xmax(seen::pg_snapshot) as xmax, last_id,
    array(select pg_snapshot_xip(seen::pg_snapshot)) as xip from mqttspec.stream) s
  where (select c.xid from mqttspec.change c order by c.xid desc limit 1) >= s.xmax
    or (select c.id from mqttspec.change c order by c.id desc limit 1) > s.last_id
    or exists (select from unnest(s.xip) x(xid)
      where (select c.xid from mqttspec.change c where c.xid >= x.xid order by c.xid limit 1) = x.xid)`)

/** How far the stream is and the mark there, how far it was pruned, its epoch, and what is visible now. */
export const WHERE_NOW = plain(`
  select s.pos::text, s.mark::text, s.pruned::text, s.epoch::text, pg_current_snapshot()::text from mqttspec.stream s`)

/** As `WHERE_NOW`, and at the end the mark at a position, or NULL where that is not known any more. */
export const whereIs = (pos: bigint): Statement => ({
  text: `
  select s.pos::text, s.mark::text, s.pruned::text, s.epoch::text, pg_current_snapshot()::text, (case $1::text::int8
    when s.pos then s.mark when s.pruned then s.pruned_mark
    else (select b.mark from mqttspec.batch b where b.first <= $1::text::int8 and b.first + cardinality(b.ids) > $1::text::int8
      order by b.first desc limit 1) end)::text
  from mqttspec.stream s`,
  params: [String(pos)],
})

/** SQL of the place at which a statement that has it reads: how far the stream is, its mark, and what is visible. */
export const PLACE =
  "(select s.pos::text || '/' || s.mark::text || '/' || pg_current_snapshot()::text from mqttspec.stream s)"

/** The database's own name of its cluster, which not every role may ask for. */
export const MAY_NAME_CLUSTER = plain(`select has_function_privilege('pg_control_system()', 'execute')::text`)
export const CLUSTER = plain('select system_identifier::text from pg_control_system()')

/**
 * Begins a new epoch where the stream is not in the database that it was made in: in a copy, or a backup that was read
 * into another database. What transactions it has seen means nothing here. Its row, if it did: the new epoch.
 */
export function adopt(cluster: string | null): Statement {
  const text = `
    with here as (
      select $1::text as cluster, (select d.oid::text from pg_database d where d.datname = current_database()) as database),
    known as (update mqttspec.stream s set cluster = coalesce(s.cluster, h.cluster), database = coalesce(s.database, h.database)
      from here h where (s.cluster is null and h.cluster is not null) or s.database is null)
    update mqttspec.stream s set epoch = gen_random_uuid(), seen = pg_current_snapshot()::text,
      cluster = h.cluster, database = h.database
    from here h where s.database <> h.database or s.cluster <> h.cluster
      or pg_snapshot_xmax(s.seen::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
    returning s.epoch::text`
  return { text, params: [cluster] }
}

/** The changes at positions after one and up to another: position, id, transaction, table, operation, time, mark. */
export function changesBetween(after: bigint, upTo: bigint, limit: number): Statement {
  const text = `
    select (b.first + u.n - 1)::text, c.id::text, c.xid::text, c.tbl, c.op::text,
      to_json(c.at at time zone 'UTC') #>> '{}', b.mark::text
    from (select * from mqttspec.batch
        where first <= $2::text::int8 and first >= coalesce((select a.first from mqttspec.batch a
          where a.first <= $1::text::int8 + 1 order by a.first desc limit 1), 0)
        order by first limit $3::text::int8) b
      cross join lateral unnest(b.ids) with ordinality as u(id, n)
      join mqttspec.change c on c.id = u.id
    where b.first + u.n - 1 > $1::text::int8 and b.first + u.n - 1 <= $2::text::int8
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

/** The rows of a set with every column, and the place at which they are read: JSON array, position, mark, snapshot. */
export function rowsOfSet(entity: Entity, where: Condition, limit: number): Statement {
  const sql = new SqlText()
  const rows = `select ${selectList(entity.allColumns, 't', sql)} from ${entity.sqlName} t where ${conditionSql(where, 't', sql)} limit ${sql.bindText(String(limit), 'int8')}`
  return sql.statement(`select (select coalesce(json_agg(r), '[]') from (${rows}) r)::text,
    s.pos::text, s.mark::text, pg_current_snapshot()::text from mqttspec.stream s`)
}

/** Batches that are forgotten at once, so that it does not hold up what waits. */
export const PRUNED_AT_ONCE = 2_000

/** Forgets the oldest batches, those older than so many milliseconds or beyond so many changes: how many it were. */
export function prune(maxAgeMs: number, maxChanges: number): Statement {
  const text = `
    with old as (
      select b.first, b.ids, b.mark from (select * from mqttspec.batch order by first limit ${PRUNED_AT_ONCE}) b
      where b.at < clock_timestamp() - $1::text::int8 * interval '1 millisecond'
        or b.first + cardinality(b.ids) - 1 <= (select pos from mqttspec.stream) - $2::text::int8),
    changes as (delete from mqttspec.change c using (select unnest(ids) as id from old) o where c.id = o.id),
    batches as (delete from mqttspec.batch b using old o where b.first = o.first),
    moved as (
      update mqttspec.stream s set pruned = o.first + cardinality(o.ids) - 1, pruned_mark = o.mark
      from (select * from old order by first desc limit 1) o where s.pruned < o.first + cardinality(o.ids) - 1)
    select count(*)::text from old`
  return { text, params: [String(maxAgeMs), String(maxChanges)] }
}

/** Forgets requests that were answered longer ago than this. */
export function pruneRequests(maxAgeMs: number): Statement {
  const text = `with old as (delete from mqttspec.request where at < clock_timestamp() - $1::text::int8 * interval '1 millisecond' returning 1)
    select count(*)::text from old`
  return { text, params: [String(maxAgeMs)] }
}
