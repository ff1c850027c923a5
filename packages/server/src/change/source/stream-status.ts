import type { Cells, Runner, Statement } from '../../db/database.ts'

/** How the change stream is. */
export interface StreamStatus {
  /** Changes that have had a position, since the stream began. */
  readonly position: number
  /** Changes up to this position are forgotten. */
  readonly prunedTo: number
  /** Changes that are committed and have no position yet, and for how long the oldest has waited. */
  readonly waiting: { readonly changes: number; readonly oldestMs: number }
  /** What of the past is kept. */
  readonly kept: { readonly changes: number; readonly bytes: number; readonly oldestMs: number }
  /** The subscriptions that outlive their sessions, the one that is furthest behind first; 1,000 of them at most. */
  readonly durable: readonly DurableStatus[]
}

/** A durable subscription and how far it is behind. */
export interface DurableStatus {
  readonly name: string
  readonly clientId: string
  readonly table: string
  /** Changes since its place, of all tables; undefined when it has no place and will begin anew. */
  readonly behind: number | undefined
  /** When it was subscribed to, or was there, last: RFC 3339. */
  readonly usedAt: string
}

const plain = (text: string): Statement => ({ text, params: [] })

const AGE = (at: string) => `coalesce(extract(epoch from clock_timestamp() - ${at}) * 1000, 0)::int8::text`

const STREAM = plain(`
  with s as (select pos, pruned, last_id, pg_snapshot_xmax(seen::pg_snapshot) as xmax,
      array(select pg_snapshot_xip(seen::pg_snapshot)) as xip from mqttspec.stream),
    waiting as (select count(*) as n, min(c.at) as oldest from mqttspec.change c where c.xid = any((select xip from s)::xid8[])
      or (c.xid >= (select xmax from s) and c.xid <= '18446744073709551615'::xid8)
      or (c.id > (select last_id from s) and c.id <= 9223372036854775807))
  select s.pos::text, s.pruned::text, w.n::text, ${AGE('w.oldest')},
    (pg_total_relation_size('mqttspec.change') + pg_total_relation_size('mqttspec.batch'))::text,
    ${AGE('(select b.at from mqttspec.batch b order by b.first limit 1)')}
  from s, waiting w`)

const DURABLE = plain(`
  select d.name, d.owner::json ->> 1, d.tbl, (s.pos - d.pos)::text, to_json(d.used at time zone 'UTC') #>> '{}'
  from mqttspec.durable d, mqttspec.stream s order by d.pos nulls first limit 1000`)

/** Asks the database how the stream is. Rejects with `DatabaseError`. */
export async function streamStatus(database: Runner): Promise<StreamStatus> {
  const [[row], durable] = await Promise.all([database.run(STREAM), database.run(DURABLE)])
  const [position, prunedTo, waiting, waitingMs, bytes, oldestMs] = (row ?? []).map(Number)
  return {
    position: position ?? 0,
    prunedTo: prunedTo ?? 0,
    waiting: { changes: waiting ?? 0, oldestMs: waitingMs ?? 0 },
    kept: { changes: (position ?? 0) - (prunedTo ?? 0), bytes: bytes ?? 0, oldestMs: oldestMs ?? 0 },
    durable: durable.map(durableOf),
  }
}

const durableOf = ([name, clientId, table, behind, usedAt]: Cells): DurableStatus => ({
  name: name ?? '',
  clientId: clientId ?? '',
  table: table ?? '',
  behind: behind === null || behind === undefined ? undefined : Number(behind),
  usedAt: `${usedAt}Z`,
})
