import { DEFAULT_LIMITS, type Filter, SpecError } from '@mqttspec/protocol'
import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CatalogTable } from '../../db/catalog.ts'
import { resolveFilters } from '../../decode/resolve-filters.ts'
import { buildEntity } from '../../entity/build-entity.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import { compileCondition } from './compile-condition.ts'
import { SubscriptionIndex } from './subscription-index.ts'

const jobs = pgTable('jobs', {
  id: serial().primaryKey(),
  owner: integer(),
  status: text(),
  size: integer(),
  at: timestamp({ withTimezone: true }),
})
const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const table: CatalogTable = {
  columns: new Map(['id', 'owner', 'status', 'size', 'at'].map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const source = { schema: { jobs }, wireNames: 'property', casing: undefined } as const
const entity = buildEntity(source, { schemaKey: 'jobs', options: {} }, new Map([['public.jobs', table]]))

const instants = ['2026-01-01T00:00:00Z', '2026-01-01T02:00:00+02:00', '2026-01-02T00:00:00Z']
const status = fc.constantFrom('new', 'done', 'Done')
const owner = fc.integer({ min: -1, max: 3 })
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  owner.map((value) => ({ column: 'owner', operator: 'eq', value })),
  fc.array(owner, { maxLength: 3 }).map((value) => ({ column: 'owner', operator: 'in', value })),
  status.map((value) => ({ column: 'status', operator: 'eq', value })),
  fc.constantFrom(...instants).map((value) => ({ column: 'at', operator: 'eq', value })),
  owner.map((value) => ({ column: 'size', operator: 'gt', value })),
  fc.constantFrom('owner', 'status').map((column) => ({ column, operator: 'is_null' })),
)
const filter: fc.Arbitrary<Filter> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.array(leaf, { maxLength: 3 }).map((and) => ({ and })),
  fc.array(leaf, { maxLength: 3 }).map((or) => ({ or })),
  leaf.map((not) => ({ not })),
)
const row: fc.Arbitrary<Row> = fc.record({
  id: fc.constant(1),
  owner: fc.option(owner),
  status: fc.option(status),
  size: fc.option(owner),
  at: fc.option(fc.constantFrom('2026-01-01T00:00:00+00:00', '2026-01-02T00:00:00+00:00')),
})

function subscriptionTo(filters: readonly Filter[], id: number): Subscription {
  const where = resolveFilters(entity, filters, DEFAULT_LIMITS, [])
  return { id: String(id), entity, where, matches: compileCondition(where) } as Subscription
}

test('the index finds every subscription that a change concerns, each once, and forgets those that ended', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(filter, { maxLength: 3 }), { maxLength: 30 }),
      fc.option(row),
      fc.option(row),
      fc.nat(),
      (filters, old, now, ended) => {
        const index = new SubscriptionIndex()
        const subscriptions = filters.map(subscriptionTo)
        for (const subscription of subscriptions) index.add(subscription)
        const gone = subscriptions.splice(ended % (subscriptions.length + 1), 1)
        for (const subscription of gone) index.remove(subscription)
        const change = {
          entity,
          operation: 'update',
          old: old ?? undefined,
          new: now ?? undefined,
          timestamp: '',
        } as Change
        const found = [...index.candidates(change)]
        const concerned = subscriptions.filter(({ matches }) =>
          [old, now].some((each) => each && matches(each) === true),
        )
        expect(new Set(found).size).toBe(found.length)
        for (const subscription of concerned) expect(found).toContain(subscription)
        for (const subscription of gone) expect(found).not.toContain(subscription)
        expect(index.size).toBe(subscriptions.length)
        for (const subscription of subscriptions) index.remove(subscription)
        expect(index.has(entity)).toBe(false)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a change is held against few of many subscriptions that want a value', () => {
  const index = new SubscriptionIndex()
  for (let n = 0; n < 10_000; n++)
    index.add(
      subscriptionTo(
        [
          { column: 'status', operator: 'eq', value: 'new' },
          { column: 'owner', operator: 'eq', value: n % 1_000 },
        ],
        n,
      ),
    )
  const change: Change = {
    entity,
    operation: 'create',
    old: undefined,
    new: { id: 1, owner: 7, status: 'new', size: 1, at: null },
    timestamp: '',
  }
  expect([...index.candidates(change)].length).toBeLessThan(20)
})

test('what memory cannot decide never comes into the index', () => {
  expect(() => subscriptionTo([{ column: 'at', operator: 'like', value: '2026%' }], 1)).toThrow(SpecError)
})
