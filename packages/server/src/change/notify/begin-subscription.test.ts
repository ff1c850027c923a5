import { decodeJson } from '@mqttspec/protocol'
import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { DatabaseError } from '../../db/database-error.ts'
import { buildEntity } from '../../entity/build-entity.ts'
import type { Payload } from '../../transport/transport.ts'
import type { Change } from '../change.ts'
import { encodePosition, type Position } from '../source/position.ts'
import { type Beginning, type BeginningSteps, tellBeginning } from './begin-subscription.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer() })
const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const table = {
  columns: new Map(['id', 'n'].map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const schema = { schema: { items }, wireNames: 'property', casing: undefined } as const
const entity = buildEntity(schema, { schemaKey: 'items', options: {} }, new Map([['public.items', table]]))

const seen = { xmin: 5n, xmax: 9n, inProgress: [5n, 7n] }
const at = (pos: bigint, more: Partial<Position> = {}): Position => ({
  epoch: 'abcdefgh',
  pos,
  mark: 1,
  seen: undefined,
  ...more,
})
const since = at(0n, { seen })
const now = at(9n, { seen: { xmin: 20n, xmax: 20n, inProgress: [] }, look: 3 })

/** A row that was created at a position. */
const created = (pos: bigint): Change => ({
  entity,
  operation: 'create',
  old: undefined,
  new: { id: Number(pos), n: 0 },
  timestamp: '2026-01-01T00:00:00Z',
  place: { pos, xid: 10n + pos, at: encodePosition(at(pos)), look: 1 },
})

/** Tells a beginning from histories, one for each time that it is asked; one that ends with an error fails there. */
async function tell(withWhat: 'history' | 'what has changed', histories: readonly (readonly (Change | Error)[])[]) {
  const told: { operation: string; key?: number; at?: string }[] = []
  const asked: Position[] = []
  let begun: Position | undefined
  async function* history(_: unknown, after: Position) {
    const changes = histories[asked.length] ?? []
    asked.push(after)
    for (const change of changes) {
      if (change instanceof Error) throw change
      yield [change]
    }
  }
  const notifier = {
    has: () => true,
    whenListening: async () => {},
    sendFirst: async (_: unknown, encode: (seq: number) => Payload) => {
      told.push(decodeJson(String(encode(told.length + 1))) as never)
    },
    begun: (_: unknown, from: Position) => {
      begun = from
    },
  }
  const steps = {
    source: { history },
    limits: { maxSnapshotRows: 100 },
    notifier,
    mask: async (shown: unknown) => shown,
  }
  const subscription = {
    id: 's1',
    clientId: 'c1',
    entity,
    columns: entity.visibleColumns,
    matches: { test: () => true },
    inScope: { test: () => true },
  }
  const beginning = { with: withWhat, since, at: now, of: {} } as unknown as Beginning
  await tellBeginning(subscription as never, beginning, steps as unknown as BeginningSteps)
  return { told, asked, begun }
}

const cut = new DatabaseError('the connection was cut', { connectionLost: true })

test('a past that is cut off goes on after what was told, and knows what was seen before it', async () => {
  const { told, asked, begun } = await tell('history', [[created(1n), created(2n), cut], [cut], [created(3n)]])
  expect(told.map(({ operation, key }) => key ?? operation)).toEqual([1, 2, 3, 'ready'])
  expect(asked).toEqual([since, at(2n, { seen }), at(2n, { seen })])
  expect(begun).toEqual({ ...now, seen })
  expect(told.at(-1)?.at).toBe(encodePosition({ ...now, seen }))
  expect(told[0]?.at).toBe(encodePosition(at(1n, { seen })))
})

test('what has changed is told once it is all known, and what was seen before it stays seen', async () => {
  const { told, asked, begun } = await tell('what has changed', [
    [created(1n), cut],
    [created(1n), created(2n)],
  ])
  expect(told.map(({ operation, key, at: place }) => [key ?? operation, place !== undefined])).toEqual([
    [1, false],
    [2, false],
    ['ready', true],
  ])
  expect(asked).toEqual([since, since])
  expect(begun).toEqual({ ...now, seen })
})

test('what is no passing failure of the database ends the beginning', async () => {
  await expect(tell('history', [[new Error('a bug')]])).rejects.toThrow('a bug')
})
