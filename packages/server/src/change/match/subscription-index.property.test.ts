import { DEFAULT_LIMITS, type Filter, SpecError } from '@mqttspec/protocol'
import { doublePrecision, integer, numeric, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CatalogTable } from '../../db/catalog.ts'
import { resolveFilters } from '../../decode/resolve-filters.ts'
import { buildEntity } from '../../entity/build-entity.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import { ChangeMeanings } from './change-meanings.ts'
import { classify } from './classify.ts'
import { RowTests } from './row-tests.ts'
import { SubscriptionIndex } from './subscription-index.ts'

const jobs = pgTable('jobs', {
  id: serial().primaryKey(),
  owner: integer(),
  status: text(),
  size: integer(),
  ratio: doublePrecision(),
  cost: numeric(),
  at: timestamp({ withTimezone: true }),
})
const names = ['id', 'owner', 'status', 'size', 'ratio', 'cost', 'at']
const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const table: CatalogTable = {
  columns: new Map(names.map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const source = { schema: { jobs }, wireNames: 'property', casing: undefined } as const
const entity = buildEntity(source, { schemaKey: 'jobs', options: {} }, new Map([['public.jobs', table]]))

const instants = ['2026-01-01T00:00:00Z', '2026-01-01T02:00:00+02:00', '2026-01-02T00:00:00Z']
const status = fc.constantFrom('new', 'done', 'Done')
const owner = fc.integer({ min: -1, max: 3 })
const ratio = fc.constantFrom<number | string>(0, -0, 1, 1.5, 'NaN', 'Infinity', '-Infinity')
const cost = fc.constantFrom('1', '1.0', '1.50', '-3', '1e1')
const compare = fc.constantFrom('eq', 'neq', 'gt', 'gte', 'lt', 'lte')
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc.tuple(compare, owner).map(([operator, value]) => ({ column: 'owner', operator, value })),
  fc.tuple(compare, owner).map(([operator, value]) => ({ column: 'size', operator, value })),
  fc.tuple(compare, status).map(([operator, value]) => ({ column: 'status', operator, value })),
  fc.tuple(compare, fc.constantFrom(...instants)).map(([operator, value]) => ({ column: 'at', operator, value })),
  fc.tuple(compare, ratio).map(([operator, value]) => ({ column: 'ratio', operator, value })),
  fc.tuple(compare, cost).map(([operator, value]) => ({ column: 'cost', operator, value })),
  fc
    .tuple(fc.constantFrom('in', 'not_in'), fc.array(owner, { maxLength: 3 }))
    .map(([operator, value]) => ({ column: 'owner', operator, value })),
  fc.array(fc.integer({ max: 60 }), { minLength: 33, maxLength: 40 }).map((value) => ({
    column: 'owner',
    operator: 'in',
    value,
  })),
  fc
    .tuple(fc.constantFrom('between', 'between_inclusive'), fc.constantFrom('size', 'owner'), owner, owner)
    .map(([operator, column, low, high]) => ({ column, operator, value: [low, high] })),
  fc.constant({ column: 'status', operator: 'contains', value: 'on' }),
  fc
    .tuple(fc.constantFrom('owner', 'status', 'size'), fc.constantFrom('is_null', 'is_not_null'))
    .map(([column, operator]) => ({ column, operator })),
)
const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter; group: Filter }>((tie) => ({
  filter: fc.oneof({ maxDepth: 3 }, { weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: tie('group') }),
  group: fc.oneof(
    fc.array(tie('filter'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('filter'), { maxLength: 3 }).map((or) => ({ or })),
    tie('filter').map((not) => ({ not })),
  ),
})).filter
const row: fc.Arbitrary<Row> = fc.record({
  id: fc.constantFrom(1, 1, 1, 2),
  owner: fc.option(owner),
  status: fc.option(status),
  size: fc.option(owner),
  ratio: fc.option(ratio),
  cost: fc.option(cost),
  at: fc.option(fc.constantFrom('2026-01-01T00:00:00+00:00', '2026-01-02T00:00:00+00:00')),
})
/** A change of a few columns, of the whole row, one that comes or one that goes. */
const change: fc.Arbitrary<Change> = fc
  .record({ old: fc.option(row), now: fc.option(row), kept: fc.option(fc.subarray(names)) })
  .map(({ old, now, kept }) => {
    const keep = Object.fromEntries((old && now && kept ? kept : []).map((name) => [name, old?.[name]]))
    return {
      entity,
      operation: 'update',
      old: old ?? undefined,
      new: now ? { ...now, ...keep } : undefined,
      timestamp: '',
    }
  })
const tests = new RowTests()
const columns = fc.option(fc.subarray([...entity.visibleColumns]))
const asked = fc.record({ filters: fc.array(filter, { maxLength: 3 }), columns })

function subscriptionTo({ filters, columns: seen }: Asked, id: number) {
  const where = resolveFilters(entity, filters, DEFAULT_LIMITS, [])
  const own = { id: String(id), entity, columns: seen ?? entity.visibleColumns }
  return { subscription: { ...own, matches: tests.of(where) } as unknown as Subscription, where }
}
type Asked = { readonly filters: readonly Filter[]; readonly columns: Subscription['columns'] | null }

/** What a change means to each subscription, by the index; and who was found twice. */
function byIndex(index: SubscriptionIndex, told: Change) {
  const meanings = new ChangeMeanings(told)
  const found = new Map<Subscription, unknown>()
  const twice: Subscription[] = []
  for (const group of index.find(told)) {
    const membership = meanings.in(group)
    for (const subscription of membership ? group.members() : []) {
      if (found.has(subscription)) twice.push(subscription)
      const means = membership ? meanings.of(membership, subscription.columns) : []
      if (means.length > 0) found.set(subscription, means)
    }
  }
  return { found, twice }
}

/** The same by asking each. */
const oneByOne = (subscriptions: readonly Subscription[], told: Change) =>
  new Map(
    subscriptions.flatMap((subscription) => {
      const meanings = classify(told, subscription)
      return meanings.length > 0 ? [[subscription, meanings] as const] : []
    }),
  )

/** Holds an index against the naive loop, with some subscriptions that came and went. */
const property = (makeIndex: () => SubscriptionIndex, minLength: number) =>
  fc.property(
    fc.array(asked, { minLength, maxLength: minLength + 30 }),
    fc.array(change, { minLength: 1, maxLength: 5 }),
    fc.array(fc.nat(), { maxLength: minLength / 2 + 3 }),
    (all, changes, ended) => {
      const index = makeIndex()
      const wanted = all.map(subscriptionTo)
      const subscriptions = wanted.map(({ subscription }) => subscription)
      for (const { subscription, where } of wanted) index.add(subscription, where)
      for (const place of ended) {
        const [gone] = subscriptions.splice(place % (subscriptions.length + 1), 1)
        if (gone) index.remove(gone)
      }
      for (const told of changes) {
        const { found, twice } = byIndex(index, told)
        expect(twice).toEqual([])
        expect(found).toEqual(oneByOne(subscriptions, told))
      }
      expect(index.size).toBe(subscriptions.length)
      for (const subscription of subscriptions) index.remove(subscription)
      expect([index.size, index.groups, index.has(entity)]).toEqual([0, 0, false])
    },
  )

test('the index says of every change what asking each subscription would say', () => {
  fc.assert(
    property(() => new SubscriptionIndex(), 0),
    { numRuns: 700 },
  )
})

test('so it does where there are enough for ranges to be looked up', () => {
  fc.assert(
    property(() => new SubscriptionIndex(), 200),
    { numRuns: 15 },
  )
})

test('an index that loses one subscription in some cases does not pass that', () => {
  class Forgetful extends SubscriptionIndex {
    override find(of: Change) {
      const found = super.find(of)
      return of.old?.owner === null ? found.slice(1) : found
    }
  }
  class Twice extends SubscriptionIndex {
    override find(of: Change) {
      const found = super.find(of)
      return found.length > 3 ? [...found, ...found.slice(0, 1)] : found
    }
  }
  for (const Mutant of [Forgetful, Twice]) {
    const { failed } = fc.check(
      property(() => new Mutant(), 0),
      { numRuns: 700, endOnFailure: true },
    )
    expect(failed).toBe(true)
  }
})

const update = (old: Row, now: Row): Change => ({ entity, operation: 'update', old, new: now, timestamp: '' })
const base: Row = { id: 1, owner: 7, status: 'new', size: 1, ratio: 0, cost: '1', at: null }
const indexOf = (filters: readonly (readonly Filter[])[]) => {
  const index = new SubscriptionIndex()
  for (const [id, each] of filters.entries()) {
    const { subscription, where } = subscriptionTo({ filters: each, columns: null }, id)
    index.add(subscription, where)
  }
  return index
}
const many = (filtersOf: (n: number) => readonly Filter[]) =>
  indexOf(Array.from({ length: 10_000 }, (_, n) => filtersOf(n)))

test('a change is held against few of many subscriptions that want values', () => {
  const index = many((n) => [
    { column: 'status', operator: 'eq', value: 'new' },
    { column: 'owner', operator: 'eq', value: n % 1_000 },
    { column: 'size', operator: 'gt', value: n },
  ])
  expect(index.find(update(base, { ...base, owner: 8 })).length).toBeLessThanOrEqual(20)
})

test('by all values together, where each alone would find many', () => {
  const index = many((n) => [
    { column: 'owner', operator: 'eq', value: n % 100 },
    { column: 'size', operator: 'eq', value: Math.floor(n / 100) },
  ])
  expect(index.find(update(base, { ...base, size: 2 }))).toHaveLength(2)
})

test('by each value of a list, and each branch of an OR', () => {
  const index = many((n) => [
    {
      or: [
        { column: 'owner', operator: 'in', value: [n, n + 10_000, n + 20_000] },
        { column: 'size', operator: 'eq', value: n + 100 },
      ],
    },
  ])
  expect(index.find(update(base, { ...base, owner: 20_005 }))).toHaveLength(2)
  expect(index.find(update({ ...base, size: 107 }, { ...base, size: 106 }))).toHaveLength(2)
})

test('by ranges alone, and by ranges under a value that all want', () => {
  const range = (n: number): Filter => ({ column: 'size', operator: 'between_inclusive', value: [n * 10, n * 10 + 9] })
  for (const more of [[], [{ column: 'status', operator: 'eq', value: 'new' }]]) {
    const index = many((n) => [...more, range(n)])
    expect(index.find(update({ ...base, size: 55 }, { ...base, size: 77 }))).toHaveLength(2)
    expect(index.find(update({ ...base, size: null }, { ...base, size: 77 }))).toHaveLength(1)
  }
})

test('conditions that say the same in other words are one group', () => {
  const status: Filter = { column: 'status', operator: 'eq', value: 'new' }
  const owner: Filter = { column: 'owner', operator: '=', value: 7 }
  const index = indexOf([[status, owner], [owner, status], [{ and: [owner, { or: [status] }, owner] }], [status]])
  expect([index.size, index.groups]).toEqual([4, 2])
})

test('what memory cannot decide never comes into the index', () => {
  expect(() =>
    subscriptionTo({ filters: [{ column: 'at', operator: 'like', value: '2026%' }], columns: null }, 1),
  ).toThrow(SpecError)
})
