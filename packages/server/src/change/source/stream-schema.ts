/** Goes up with every change of what is below; where an earlier one is set up, all of it runs once more. */
export const STREAM_VERSION = 3

/**
 * What the change stream needs in a database: one schema of its own, and a trigger on each table.
 *
 *     a write ── trigger, same transaction ──► mqttspec.change      every change with its old and new row, by id
 *                                                   │ the sequencer, after the commit
 *                                                   ▼
 *                                              mqttspec.batch       the ids of a batch in the order of the stream
 *                                              mqttspec.stream      one row: how far the stream has come
 *
 * A write that a client asks leaves its id and reply in mqttspec.request, in the same transaction: it runs once.
 * mqttspec.durable has the subscriptions that outlive their connections, each with its place.
 *
 * A change has no position while its transaction runs: ids are drawn before commits, in another order. The sequencer
 * gives positions to what has become visible since it looked last, in an order in which no change precedes one that
 * it could have seen. Each batch bears a random mark, and so does every position: one that was given by a future which a
 * restored backup has taken back is told from the one at which something else happened since. Rows are kept as plain JSON of the table's own type, so that no change of a table can make its
 * trigger fail.
 *
 * Triggers of a table run when its statement has changed all rows. One that changes a row of that statement again is
 * captured first: so each change says in which place of which table the row was, and in which it is now, by which the
 * sequencer puts it behind the one that it followed. `nested` says that a trigger did it, and that this may be so.
 */
export const STREAM_SCHEMA: readonly string[] = [
  `create schema if not exists mqttspec`,
  `create table if not exists mqttspec.change (
  id bigserial primary key,
  xid xid8 not null default pg_current_xact_id(),
  tbl text not null,
  op "char" not null,
  old json,
  new json,
  at timestamptz not null default clock_timestamp(),
  rel oid,
  was tid,
  made tid,
  nested boolean
)`,
  `create index if not exists change_xid on mqttspec.change (xid)`,
  `create table if not exists mqttspec.batch (
  first bigint primary key,
  ids bigint[] not null,
  mark integer not null default (random() * 2147483647)::integer,
  at timestamptz not null default clock_timestamp()
)`,
  `create index if not exists batch_at on mqttspec.batch (at)`,
  `create table if not exists mqttspec.stream (
  one boolean primary key default true check (one),
  epoch uuid not null default gen_random_uuid(),
  pos bigint not null default 0,
  pruned bigint not null default 0,
  seen text not null default pg_current_snapshot()::text,
  last_id bigint not null default 0,
  mark integer not null default 0,
  pruned_mark integer not null default 0,
  cluster text,
  database text
)`,
  `create table if not exists mqttspec.request (
  client text not null,
  id text not null,
  hash text not null,
  data text not null,
  replied text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (client, id)
)`,
  `create index if not exists request_at on mqttspec.request (at)`,
  `create table if not exists mqttspec.durable (
  owner text not null,
  name text not null,
  tbl text not null,
  content text not null,
  rights text not null,
  holder text not null,
  place text,
  pos bigint,
  made timestamptz not null default clock_timestamp(),
  used timestamptz not null default clock_timestamp(),
  primary key (owner, name)
)`,
  `create index if not exists durable_holder on mqttspec.durable (holder)`,
  `insert into mqttspec.stream default values on conflict do nothing`,
  `create or replace function mqttspec.capture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $capture$
declare
  tbl text := tg_table_schema || '.' || tg_table_name;
begin
  -- On a partition runs the trigger of the table that it belongs to, with an argument that says so.
  if tg_nargs > 0 and tg_level = 'ROW' then
    select n.nspname || '.' || c.relname into strict tbl from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = pg_partition_root(tg_relid);
  end if;
  if tg_op = 'INSERT' then
    insert into mqttspec.change (tbl, op, new, rel, made, nested)
      values (tbl, 'I', row_to_json(new), tg_relid, new.ctid, pg_trigger_depth() > 1);
  elsif tg_op = 'UPDATE' then
    insert into mqttspec.change (tbl, op, old, new, rel, was, made, nested)
      values (tbl, 'U', row_to_json(old), row_to_json(new), tg_relid, old.ctid, new.ctid,
        pg_trigger_depth() > 1);
  elsif tg_op = 'DELETE' then
    insert into mqttspec.change (tbl, op, old, rel, was, nested)
      values (tbl, 'D', row_to_json(old), tg_relid, old.ctid, pg_trigger_depth() > 1);
  else
    insert into mqttspec.change (tbl, op) values (tbl, 'T');
  end if;
  -- A server wakes itself for its own writes: NOTIFY takes a lock of the whole cluster at each commit.
  if current_setting('mqttspec.server', true) is distinct from '1' then
    perform pg_notify('mqttspec', '');
  end if;
  return null;
end $capture$`,
  // Of version 1, which had no marks and no durable subscriptions.
  // In the order in which the sequencer locks them.
  `alter table mqttspec.stream add column if not exists mark integer not null default 0,
    add column if not exists pruned_mark integer not null default 0,
    add column if not exists cluster text, add column if not exists database text`,
  `alter table mqttspec.batch add column if not exists mark integer not null default (random() * 2147483647)::integer`,
  // Of version 2, which knew no order within a transaction but that of its triggers.
  `alter table mqttspec.change add column if not exists rel oid, add column if not exists was tid,
    add column if not exists made tid, add column if not exists nested boolean`,
  `comment on schema mqttspec is 'The change stream of MQTTSpec, version ${STREAM_VERSION}'`,
]

/** The statements that put the triggers on a table, whose name comes from the schema, quoted. */
export const triggersOn = (sqlName: string, isPartitioned: boolean): readonly string[] => [
  `create trigger mqttspec_capture after insert or update or delete on ${sqlName}
    for each row execute function mqttspec.capture(${isPartitioned ? "'partitioned'" : ''})`,
  `create trigger mqttspec_truncate after truncate on ${sqlName}
    for each statement execute function mqttspec.capture()`,
  // Also in sessions that replay another server's changes.
  `alter table ${sqlName} enable always trigger mqttspec_capture, enable always trigger mqttspec_truncate`,
]
