import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WireClient } from '../wire-client.ts'
import { canary, Trial } from './trial.ts'

const COLUMNS = ['id', 'tenant', 'label', 'code', 'amount', 'price', 'ok', 'facts', 'tags', 'secret', 'ownerId', 'pin']
const OPERATORS = [
  'eq',
  'neq',
  'gt',
  'lte',
  'like',
  'ilike',
  'in',
  'not_in',
  'contains',
  'startswith',
  'is_null',
  'is_not_null',
]

const column = fc.constantFrom(...COLUMNS)
const value = fc.oneof(
  fc.constantFrom('a', 'b', '%', 'canary', 'hidden', '', 0, 1, true, null),
  fc.integer(),
  fc.array(fc.constantFrom('a', 'b', 1)),
)
const leaf = fc.record(
  { column, operator: fc.constantFrom(...OPERATORS), value, logic_operator: fc.constantFrom('AND', 'OR') },
  { requiredKeys: ['column', 'operator'] },
)
const { filter } = fc.letrec<{ filter: object }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
}))
const filters = fc.array(filter, { maxLength: 3 })
const preload = fc.record({ relation: fc.constantFrom('owner', 'things'), filters }, { requiredKeys: ['relation'] })
const figure = fc.record({ fn: fc.constantFrom('count', 'max', 'min'), column }, { requiredKeys: ['fn'] })
const options = fc.record(
  {
    filters,
    columns: fc.array(column, { minLength: 1, maxLength: 4 }),
    sort: fc.array(fc.record({ column }), { maxLength: 2 }),
    preload: fc.array(preload, { maxLength: 2 }),
    aggregate: fc.record(
      { fields: fc.record({ n: figure }), group_by: fc.array(column, { maxLength: 2 }) },
      { requiredKeys: ['fields'] },
    ),
    fetch_row_number: fc.integer({ min: 1, max: 12 }),
    cursor_forward: fc.integer({ min: 1, max: 12 }).map(String),
  },
  { requiredKeys: [] },
)
const entity = fc.constantFrom('things', 'owners')
const key = fc.integer({ min: 1, max: 40 })
const data = fc.record(
  { amount: fc.integer({ max: 9, min: 0 }), ownerId: key, tenant: fc.constantFrom('a', 'b') },
  { requiredKeys: [] },
)
const message = fc.oneof(
  fc.record({ operation: fc.constant('read'), entity, options }),
  fc.record({ operation: fc.constant('read'), entity, options: fc.record({ filters }) }),
  fc.record({ operation: fc.constant('read'), entity, record_id: key }),
  fc.record({ operation: fc.constant('update'), entity, record_id: key, data }),
  fc.record({ operation: fc.constant('delete'), entity: fc.constant('things'), record_id: key }),
  fc.record({
    type: fc.constant('subscription'),
    operation: fc.constant('subscribe'),
    entity,
    options: fc.record({ filters }, { requiredKeys: [] }),
  }),
)
const step = fc.record({ who: fc.constantFrom('a', 'b'), message })

/** The gate has one round of each, with a server and rows of its own; the night many. */
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 1)
const rounds = { repeats: ROUNDS - 1, timeout: 90_000 }
const seedOf = () => Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)

test('whatever two tenants ask, no frame holds a row of the other, and no count tells of one', rounds, async () => {
  await using tried = new Trial()
  await tried.start()
  const clients: Record<string, WireClient> = {}
  const made: Record<string, number> = { a: 0, b: 0 }
  for (const tenant of ['a', 'b', 'a', 'b']) {
    const client = clients[tenant] ?? (await tried.connect(`wall-${tenant}`, tenant))
    clients[tenant] = client
    const things = Array.from({ length: 3 }, (_, at) => ({ label: canary(tenant), amount: at, tags: [canary(tenant)] }))
    made[tenant] = (made[tenant] ?? 0) + things.length
    expect(
      await tried.code(client, { operation: 'create', entity: 'owners', data: { name: canary(tenant), things } }),
    ).toBe('ok')
  }
  const client = (tenant: string): WireClient => clients[tenant] ?? expect.fail(tenant)
  const bugs: unknown[] = []
  const seed = seedOf()
  let asked = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      for (const { who, message: sent } of steps) {
        const reply = await tried.ask(client(who), sent)
        asked += 1
        if (reply.error?.code === 'internal') bugs.push(sent)
        const total = reply.metadata?.total
        if (typeof total === 'number') expect(total).toBeLessThanOrEqual(made[who] ?? 0)
      }
    }),
    { numRuns: 120, interruptAfterTimeLimit: 25_000, markInterruptAsFailure: false, seed },
  )
  console.log(`${asked} requests of two tenants, seed ${seed}`)
  expect(bugs).toEqual([])
  for (const tenant of ['a', 'b']) {
    const count = { aggregate: { fields: { n: { fn: 'count' } } } }
    const [figures] = (await tried.ask(client(tenant), { operation: 'read', entity: 'owners', options: count }))
      .data as { n: number }[]
    expect(figures?.n).toBe(2)
  }
})

/** Requests sent at once, and in a round in all; the time is what counts on a slow machine. */
const WINDOW = 32
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 20_000)
const BUDGET_MS = 35_000

test('fault F22: of 20,000 mutated requests through the whole server each is answered once', rounds, async () => {
  await using tried = new Trial()
  await tried.start({ limits: { maxRequestsPerSecond: 1_000_000, maxRequestBurst: 1_000_000 } })
  const client = await tried.connect('fuzz', 'a')
  await tried.ask(client, { operation: 'create', entity: 'things', data: { label: canary('a') } })
  const seed = seedOf()
  const texts = fc.sample(
    fc.tuple(
      message,
      fc.array(fc.tuple(fc.nat(300), fc.nat(3), fc.constantFrom(...'{}[]",:\\0-aé')), { maxLength: 2 }),
    ),
    { numRuns: 2_000, seed },
  )
  let replies = 0
  let wake = () => {}
  let bugs = 0
  client.mqtt.on('message', (topic, payload) => {
    if (!topic.endsWith('/response')) return
    replies += 1
    if (payload.includes('"code":"internal"')) bugs += 1
    wake()
  })
  const startedAt = performance.now()
  let sent = 0
  while (sent < REQUESTS && performance.now() - startedAt < BUDGET_MS) {
    const [asked, cuts] = texts[sent % texts.length] ?? [{}, []]
    let text = JSON.stringify({ id: `fuzz-${sent}`, type: 'request', ...asked })
    for (const [at, length, piece] of cuts) text = text.slice(0, at) + piece + text.slice(at + length)
    client.mqtt.publish('spec/fuzz/request', text, { qos: 0 })
    sent += 1
    if (sent - replies >= WINDOW) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  while (replies < sent && performance.now() - startedAt < BUDGET_MS + 10_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  console.log(`${sent} requests in ${Math.round(performance.now() - startedAt)} ms, seed ${seed}`)
  expect(replies).toBe(sent)
  expect(bugs, `seed ${seed}`).toBe(0)
  expect(sent).toBeGreaterThan(Math.min(REQUESTS, 500) - 1)
})
