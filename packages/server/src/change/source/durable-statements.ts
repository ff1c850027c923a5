import type { Statement } from '../../db/database.ts'

/** Who a durable subscription belongs to, and what it is of. */
export interface DurableKey {
  readonly owner: string
  readonly name: string
}

/** A durable subscription as somebody comes for it. */
export interface DurableClaim extends DurableKey {
  /** The entity's table, for those who look at what there is. */
  readonly table: string
  /** What was asked, as text: under one name it is always the same. */
  readonly content: string
  /** What that came to under the rights of the asker: with others its place is worth nothing. */
  readonly rights: string
}

/**
 * Takes a name for `holder`, whose acknowledgements alone move its place from now on. Its row: is it new ('t'), and its
 * place or NULL. No row: the name is of something else ('content'), or its owner has too many.
 */
export function claim({ owner, name, table, content, rights }: DurableClaim, holder: string, max: number): Statement {
  const text = `
    insert into mqttspec.durable as d (owner, name, tbl, content, rights, holder)
    select $1::text, $2::text, $3::text, $4::text, $5::text, $6::text
    where (select count(*) from mqttspec.durable where owner = $1::text and name <> $2::text) < $7::text::int8
    on conflict (owner, name) do update set holder = excluded.holder, used = clock_timestamp(), rights = excluded.rights,
      place = case when d.rights = excluded.rights then d.place end,
      pos = case when d.rights = excluded.rights then d.pos end
    where d.content = excluded.content
    returning (xmax = 0)::text, place`
  return { text, params: [owner, name, table, content, rights, holder, String(max)] }
}

/** Is this name taken? */
export const isTaken = ({ owner, name }: DurableKey): Statement => ({
  text: `select '1' from mqttspec.durable where owner = $1::text and name = $2::text`,
  params: [owner, name],
})

/** A place of a durable subscription, or that it has none any more. */
export interface Moved {
  readonly holder: string
  readonly place: string | undefined
  readonly pos: bigint | undefined
}

/** Writes places down, of those that still hold their names. */
export function move(moved: readonly Moved[]): Statement {
  const list = (cells: readonly (string | undefined)[]) =>
    `{${cells.map((cell) => (cell === undefined ? 'NULL' : JSON.stringify(cell))).join(',')}}`
  const text = `
    update mqttspec.durable d set place = m.place, pos = m.pos, used = clock_timestamp()
    from unnest($1::text::text[], $2::text::text[], $3::text::int8[]) as m(holder, place, pos) where d.holder = m.holder`
  const columns = [
    moved.map(({ holder }) => holder),
    moved.map(({ place }) => place),
    moved.map(({ pos }) => pos?.toString()),
  ]
  return { text, params: columns.map(list) }
}

/** Forgets a durable subscription for good, if it is still this holder's. */
export const forget = (holder: string): Statement => ({
  text: 'delete from mqttspec.durable where holder = $1::text',
  params: [holder],
})

/** Says that these are in use. */
export const use = (holders: readonly string[]): Statement => ({
  text: 'update mqttspec.durable set used = clock_timestamp() where holder = any($1::text::text[])',
  params: [`{${holders.map((holder) => JSON.stringify(holder)).join(',')}}`],
})

/** Forgets those that nobody has come back to for so long. Its rows: owner and name of each. */
export const forgetUnused = (maxAgeMs: number): Statement => ({
  text: `delete from mqttspec.durable where used < clock_timestamp() - $1::text::int8 * interval '1 millisecond'
    returning owner, name`,
  params: [String(maxAgeMs)],
})

/**
 * The durable subscriptions that retention is about to outrun: whose next change is older than so long, or further back
 * than so many. Its rows: owner, name, place.
 */
export function endangered(ageMs: number, changes: number): Statement {
  const text = `
    select d.owner, d.name, d.place from mqttspec.durable d, mqttspec.stream s
    where d.pos < s.pos and d.pos >= s.pruned and (s.pos - d.pos > $2::text::int8 or (
      select b.at from mqttspec.batch b where b.first + cardinality(b.ids) - 1 > d.pos order by b.first limit 1
    ) < clock_timestamp() - $1::text::int8 * interval '1 millisecond')
    order by d.pos limit 100`
  return { text, params: [String(ageMs), String(changes)] }
}
