import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { type SQL, sql } from 'drizzle-orm'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import type { IClientOptions } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { type CuttingProxy, startCuttingProxy } from '../cutting-proxy.ts'
import { LoopLag } from '../loop-lag.ts'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { below, within } from './within.ts'

const items = pgTable('items', { id: serial().primaryKey(), grp: integer().notNull(), note: text().notNull() })
const others = pgTable('others', { id: serial().primaryKey(), note: text().notNull() })
const api = defineSpec({ schema: { items, others } }).entity('items').entity('others')

const KIB = 1024
interface Told {
  readonly operation: string
  readonly change?: string
  readonly key?: unknown
  readonly seq: number
  readonly data: { readonly id?: number; readonly reason?: string; readonly note?: string }
}

/** A server and its clients, gone after each test. */
const running: { server?: Server; clients: WireClient[]; links: CuttingProxy[]; asked: number } = {
  clients: [],
  links: [],
  asked: 0,
}
afterEach(async () => {
  for (const client of running.clients.splice(0)) await client[Symbol.asyncDispose]()
  for (const link of running.links.splice(0)) await link[Symbol.asyncDispose]()
  await running.server?.close()
  delete running.server
}, 30_000)

async function listen(options: ListenOptions = {}): Promise<void> {
  running.server = await api.listen({
    createTables: true,
    logger: { info() {}, warn() {}, error() {} },
    ...options,
    broker: { port: 0, webSocket: false, ...options.broker },
  })
}

async function connect(clientId: string, options: IClientOptions = {}): Promise<WireClient> {
  const port = running.server?.addresses.mqtt?.port
  const client = await WireClient.connect(`mqtt://127.0.0.1:${port}`, clientId, 'spec', options)
  running.clients.push(client)
  return client
}

async function ask(client: WireClient, message: object): Promise<Record<string, unknown>> {
  const reply = await client.ask({ id: `${client.clientId}-${++running.asked}`, type: 'request', ...message })
  expect(reply.error).toBeUndefined()
  return reply
}
const subscribe = (client: WireClient, filters: readonly object[] = [], entity = 'items') =>
  ask(client, { type: 'subscription', operation: 'subscribe', entity, options: { filters } })
const create = (client: WireClient, data: unknown, entity = 'items') =>
  ask(client, { operation: 'create', entity, data })
const toldTo = (client: WireClient): readonly Told[] => client.notifications.map(({ payload }) => payload as Told)

/** The longest that the event loop, which server and clients share here, was away while something was done. */
async function longestLag(act: () => Promise<void>): Promise<number> {
  using lag = new LoopLag()
  await act()
  return lag.take()
}

function at<T>(list: readonly T[], place: number): T {
  const found = list[place]
  if (found === undefined) throw new Error(`there is nothing at ${place}`)
  return found
}

const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((one, another) => one - another)[Math.floor(values.length * part)] ?? 0

/** How long it takes until a subscriber is told of a write of the row that it waits for, one after the other. */
async function delays(writer: WireClient, subscriber: WireClient, times: number): Promise<number[]> {
  const all: number[] = []
  for (let time = 0; time < times; time++) {
    const note = `tick ${++running.asked}`
    const from = performance.now()
    await create(writer, { note }, 'others')
    await until(() => toldTo(subscriber).at(-1)?.data.note === note, 10_000)
    all.push(performance.now() - from)
  }
  return all
}

const crowdOf = (prefix: string): Promise<WireClient[]> =>
  Promise.all(Array.from({ length: 50 }, (_, n) => connect(`${prefix}${n}`)))

/** Makes 100 subscriptions of each client, with a filter for each number up to 5,000. */
async function subscribeEach(crowd: readonly WireClient[], filterOf: (n: number) => object): Promise<void> {
  const all = crowd.map(async (client, place) => {
    for (let n = 0; n < 100; n++) await subscribe(client, [filterOf(place * 100 + n)])
  })
  await Promise.all(all)
}

const sumOf = (crowd: readonly WireClient[]): number =>
  crowd.reduce((sum, { notifications }) => sum + notifications.length, 0)

describe('fault O07: a write among 5,000 subscriptions lets the event loop have its turns', () => {
  const trials: readonly [string, (n: number) => object, number][] = [
    ['that each want another value', (n) => ({ column: 'grp', operator: 'eq', value: n }), 1],
    ['that each want another pattern', (n) => ({ column: 'note', operator: 'like', value: `%a${n}b%` }), 1],
    ['that are all told of it', (n) => ({ column: 'grp', operator: 'lt', value: 10_000 + n }), 5_000],
  ]
  test.each(trials)(
    '%s',
    async (_, filterOf, concerned) => {
      await listen({ limits: { maxSubscriptionsPerClient: 100 } })
      const crowd = await crowdOf('c')
      const writer = await connect('writer')
      await subscribeEach(crowd, filterOf)
      // Of some size where many are told, so that it is much work.
      const note = `xa1234bx${'x'.repeat(concerned > 1 ? 8 * KIB : 0)}`
      let expected = 0
      await below(100, async () => {
        expected += concerned
        return longestLag(async () => {
          await create(writer, { grp: 1_234, note })
          await until(() => sumOf(crowd) >= expected, 10_000)
        })
      })
      await quiet(100)
      expect(sumOf(crowd)).toBe(expected)
      if (concerned > 1) return
      expect(toldTo(at(crowd, 12)).map(({ change, data }) => [change, data.note])).toEqual(
        Array(expected).fill(['enter', 'xa1234bx']),
      )
    },
    60_000,
  )
})

const connected = (): number => Number(/^mqttspec_connected_clients (\d+)/m.exec(running.server?.metrics() ?? '')?.[1])

/** A client on a link of its own, which can be stalled. */
async function connectOver(clientId: string): Promise<{ client: WireClient; link: CuttingProxy }> {
  const link = await startCuttingProxy(running.server?.addresses.mqtt?.port ?? 0)
  running.links.push(link)
  const client = await WireClient.connect(`mqtt://127.0.0.1:${link.port}`, clientId)
  running.clients.push(client)
  return { client, link }
}

const notesOf = (count: number) => Array.from({ length: count }, () => ({ grp: 1, note: 'x'.repeat(10 * KIB) }))

test('fault O08: a subscriber that does not read delays nobody, and is dropped', async () => {
  const drainTimeoutMs = 1_500
  await listen({ broker: { drainTimeoutMs } })
  const { client: frozen, link } = await connectOver('frozen')
  const [lively, writer] = [await connect('lively'), await connect('writer')]
  await subscribe(frozen)
  await subscribe(lively, [], 'others')
  link.stall()
  let slowestMs = 0
  const deadline = performance.now() + 20_000
  while (connected() === 3 && performance.now() < deadline) {
    await create(writer, notesOf(20))
    slowestMs = Math.max(slowestMs, ...(await delays(writer, lively, 1)))
  }
  expect(connected()).toBe(2)
  expect(slowestMs).toBeLessThan(drainTimeoutMs + 500)
  expect(toldTo(lively).map(({ seq }) => seq)).toEqual(toldTo(lively).map((_, n) => n + 1))
}, 40_000)

test('fault O09: for a subscriber that is away a bounded part is held, and the reset comes after it', async () => {
  await listen()
  const writer = await connect('writer')
  const away = await connect('away', { clean: false })
  await subscribe(away)
  await away.mqtt.endAsync(true)
  for (let written = 0; written < 2_000; written += 20) await create(writer, notesOf(20))
  const back = await connect('away', { clean: false })
  // What was being told when it came back may follow the reset.
  const resetAt = () => toldTo(back).findIndex(({ operation }) => operation === 'reset')
  await until(() => resetAt() >= 0, 10_000)
  const held = toldTo(back).slice(0, resetAt())
  expect(toldTo(back)[resetAt()]?.data).toEqual({ reason: 'slow' })
  expect(held.length).toBeLessThanOrEqual(1_000)
  expect(held.length * 10 * KIB).toBeLessThanOrEqual(8 * KIB * KIB + 10 * KIB)
  expect(held.length).toBeGreaterThan(700)
  expect(held.map(({ seq }) => seq)).toEqual(held.map((_, n) => n + 1))
  await create(writer, { grp: 1, note: 'after' })
  await until(() => toldTo(back).at(-1)?.data.note === 'after')
}, 60_000)

test('fault D13: 5,000 rows that leave a filter at once are all told, and others within a second', async () => {
  await listen({ install: true })
  const [set, other, writer] = [await connect('set'), await connect('other'), await connect('writer')]
  await subscribe(set, [{ column: 'grp', operator: 'eq', value: 0 }])
  await subscribe(other, [], 'others')
  const db = running.server?.db as { execute(statement: SQL): Promise<unknown> } | undefined
  const run = (statement: SQL) => db?.execute(statement)
  await run(sql`insert into items (grp, note) select 0, 'bulk' from generate_series(1, 5000)`)
  await until(() => toldTo(set).length === 5_000, 20_000)
  const entered = new Set(toldTo(set).map(({ key }) => key))
  let told = 5_000
  await within(1_000, async () => {
    if (told > 5_000) {
      await run(sql`update items set grp = 0`)
      told += 5_000
      await until(() => toldTo(set).length === told, 20_000)
    }
    await run(sql`update items set grp = 1`)
    const from = told
    told += 5_000
    const lags: number[] = []
    while (toldTo(set).length < told && lags.length < 1_000) lags.push(...(await delays(writer, other, 1)))
    const left = toldTo(set).slice(from)
    expect(left.map(({ operation, change }) => `${operation} ${change}`)).toEqual(left.map(() => 'update leave'))
    expect(new Set(left.map(({ key }) => key))).toEqual(entered)
    return Math.max(...lags)
  })
  expect(toldTo(set).map(({ seq }) => seq)).toEqual(Array.from({ length: told }, (_, n) => n + 1))
}, 120_000)

test('fault D18: what a slow subscriber has coming is bounded, then it is reset, and others are not delayed', async () => {
  await listen({ broker: { drainTimeoutMs: 30_000 } })
  const { client: slow, link } = await connectOver('slow')
  const [other, writer, asker] = [await connect('other'), await connect('writer'), await connect('asker')]
  await subscribe(slow)
  await subscribe(other, [], 'others')
  /** The delays of others while the writer writes, all the same, for whoever is there to be told. */
  const trial = async () => {
    const all: number[] = []
    for (let time = 0; time < 40; time++) {
      const written = create(writer, notesOf(20))
      all.push(...(await delays(asker, other, 2)))
      await written
    }
    return percentile(all, 0.99)
  }
  let isSlow = false
  // It reads a little now and then: never nothing, and never enough.
  const sips = setInterval(() => {
    link.resume()
    setImmediate(() => isSlow && link.stall())
  }, 500)
  try {
    // What the machine does besides is in both: each time is held to the one just before.
    await below(2, async () => {
      isSlow = false
      link.resume()
      const baseline = await trial()
      isSlow = true
      link.stall()
      return (await trial()) / baseline
    })
    // Nothing for a while, so that it falls behind however slow the writer is.
    clearInterval(sips)
    link.stall()
    for (let time = 0; time < 160; time++) await create(writer, notesOf(20))
  } finally {
    isSlow = false
    clearInterval(sips)
    link.resume()
  }
  await until(() => toldTo(slow).some(({ operation }) => operation === 'reset'), 20_000)
  const reset = toldTo(slow).findIndex(({ operation }) => operation === 'reset')
  expect(at(toldTo(slow), reset).data).toEqual({ reason: 'slow' })
  const untold = at(toldTo(slow), reset).seq - reset - 1
  expect(untold).toBeGreaterThan(0)
  await create(writer, { grp: 1, note: 'after' })
  await until(() => toldTo(slow).at(-1)?.data.note === 'after')
}, 120_000)
