import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildEntity } from '../../entity/build-entity.ts'
import type { Change, Row } from '../change.ts'
import { classify } from '../match/classify.ts'
import { keyOf } from './encode-notification.ts'
import { NetChanges } from './net-changes.ts'

const items = pgTable('items', { id: serial().primaryKey(), grp: integer(), n: integer(), hidden: integer() })
const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const table = {
  columns: new Map(['id', 'grp', 'n', 'hidden'].map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const source = { schema: { items }, wireNames: 'property', casing: undefined } as const
const entity = buildEntity(source, { schemaKey: 'items', options: {} }, new Map([['public.items', table]]))

/** The rows of group 0, of which two columns are seen: their key and their number. */
const subscription = {
  entity,
  matches: { test: (row: Row) => row.grp === 0 } as never,
  columns: entity.allColumns.filter(({ name }) => name === 'id' || name === 'n'),
}

const ids = fc.constantFrom(1, 2, 3)
const values = fc.record({ grp: fc.constantFrom(0, 1), n: fc.constantFrom(0, 1), hidden: fc.constantFrom(0, 1) })
const step = fc.record({ id: ids, values: fc.option(values), to: fc.option(ids) })

/** What a random step changes in a table, if it can. */
function changeIn(rows: Map<number, Row>, { id, values, to }: { id: number; values: Row | null; to: number | null }) {
  const old = rows.get(id)
  const key = old && values && to !== null && !rows.has(to) ? to : id
  const row = values ? { id: key, ...values } : undefined
  if (!old && !row) return undefined
  rows.delete(id)
  if (row) rows.set(key, row)
  const operation = !old ? 'create' : row ? 'update' : 'delete'
  return { entity, operation, old, new: row, timestamp: '2026-01-01T00:00:00Z' } as const
}

/** What a client sees of the rows. */
const seen = (row: Row) => ({ id: row.id, n: row.n })
type Client = Map<unknown, Row>

function take(client: Client, change: Change, meaning: { readonly change: string; readonly row: Row }): void {
  if (meaning.change === 'leave') client.delete(keyOf(entity, meaning.row))
  else client.set(keyOf(entity, meaning.row), seen(change.new ?? meaning.row))
}

test('whoever has been told up to any point has the set when it is told what has become of it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), fc.array(step, { maxLength: 8 }), fc.nat(), (before, after, upTo) => {
      const rows = new Map<number, Row>()
      for (const each of before) changeIn(rows, each)
      const client: Client = new Map()
      for (const row of rows.values()) if (row.grp === 0) client.set(row.id, seen(row))
      const changes = after.flatMap((each) => changeIn(rows, each) ?? [])
      const told = changes.length === 0 ? 0 : upTo % (changes.length + 1)
      for (const change of changes.slice(0, told)) {
        for (const meaning of classify(change, subscription as never)) take(client, change, meaning)
      }
      const net = new NetChanges(subscription)
      for (const change of changes) net.add(change)
      const keys: unknown[] = []
      for (const { change, meaning } of net.all()) {
        keys.push(keyOf(entity, meaning.row))
        if (meaning.change === 'update') expect(meaning.changed).not.toEqual([])
        expect(change.place).toBeUndefined()
        take(client, change, meaning)
      }
      expect(new Set(keys).size).toBe(keys.length)
      const set = [...rows.values()].filter((row) => row.grp === 0).map(seen)
      expect([...client.values()].sort((a, b) => Number(a.id) - Number(b.id))).toEqual(
        set.sort((a, b) => Number(a.id) - Number(b.id)),
      )
    }),
    { numRuns: 5_000 },
  )
})

const changed = (old: Row | undefined, now: Row | undefined): Change => ({
  entity,
  operation: !old ? 'create' : now ? 'update' : 'delete',
  old,
  new: now,
  timestamp: '2026-01-01T00:00:00Z',
})

test('rows come in the order in which they have changed last', () => {
  const row = (id: number, n: number) => ({ id, grp: 0, n, hidden: 0 })
  const net = new NetChanges(subscription)
  for (const id of [1, 2, 3]) net.add(changed(undefined, row(id, 0)))
  net.add(changed(row(2, 0), undefined))
  net.add(changed(row(1, 0), row(1, 1)))
  expect([...net.all()].map(({ meaning }) => [meaning.change, meaning.row.id])).toEqual([
    ['enter', 3],
    ['leave', 2],
    ['enter', 1],
  ])
})

test('a row that was never in the set is not told of, nor one of which nothing is seen to have changed', () => {
  const net = new NetChanges(subscription)
  const row = { id: 1, grp: 1, n: 0, hidden: 0 }
  net.add(changed(undefined, row))
  net.add(changed(row, { ...row, n: 1 }))
  net.add(changed({ id: 2, grp: 0, n: 0, hidden: 0 }, { id: 2, grp: 0, n: 0, hidden: 1 }))
  expect(net.size).toBe(2)
  expect([...net.all()]).toEqual([])
})
