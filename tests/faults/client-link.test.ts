import { PGlite } from '@electric-sql/pglite'
import { connect, type ShapeOf, type SpecClient, type SubscriptionEvent } from '@mqttspec/client'
import { defineSpec, type Server } from '@mqttspec/server'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { RoughLink, type Roughness } from './client-rough-link.ts'

const notes = pgTable('notes', { id: serial().primaryKey(), text: text().notNull() })
const api = defineSpec({ schema: { notes } }).entity('notes')
type Spec = SpecClient<ShapeOf<typeof api>>

const PATIENT = { timeoutMs: 60_000 }

describe('the link of a client', () => {
  let server: Server
  let near: Spec
  let run = 0

  beforeAll(async () => {
    server = await api.listen({ broker: { port: 0, webSocket: false } })
    near = await connect<typeof api>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
  }, 60_000)
  afterAll(async () => {
    await near.close()
    await server.close()
  })

  const open = (roughness: Roughness = {}) => RoughLink.open(server.addresses.mqtt?.port ?? 0, roughness)
  const over = (link: RoughLink) => connect<typeof api>(`mqtt://127.0.0.1:${link.port}`, PATIENT)

  /** Writes over a link while something happens to it; each write has run once, and each was told once, in order. */
  async function holds(link: RoughLink, count: number, meanwhile: () => Promise<void>): Promise<void> {
    const prefix = `run ${++run} `
    await using spec = await over(link)
    await using set = spec.subscribe('notes', { where: { text: { startswith: prefix } } })
    await set.ready
    const events: SubscriptionEvent[] = []
    const reading = (async () => {
      for await (const event of set) events.push(event)
    })()
    const texts = Array.from({ length: count }, (_, n) => `${prefix}${n}`)
    const [written] = await Promise.all([write(spec, texts), meanwhile()])
    await until(() => events.length >= count, 30_000)
    expect(written.map(({ text }) => text)).toEqual(texts)
    const stored = await near.read('notes', { where: { text: { startswith: prefix } }, limit: 1_000 })
    expect(stored.data.map(({ text }) => text).sort()).toEqual([...texts].sort())
    expect(events.map(({ type }) => type)).toEqual(texts.map(() => 'enter'))
    expect(new Set(events.map((event) => 'key' in event && event.key)).size).toBe(count)
    await set.close()
    await reading
  }

  /** A few at a time, as a program does that waits for answers. */
  async function write(spec: Spec, texts: readonly string[]) {
    const made: { text: string }[] = []
    for (let at = 0; at < texts.length; at += 5) {
      const some = texts.slice(at, at + 5).map((text) => spec.create('notes', { text }, PATIENT))
      made.push(...(await Promise.all(some)))
    }
    return made
  }

  test('fault D07: that is cut again and again loses no write and repeats none, and no event', {
    timeout: 90_000,
  }, async () => {
    await using link = await open()
    await holds(link, 200, async () => {
      for (let cut = 0; cut < 15; cut++) {
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 400))
        link.cut()
      }
    })
  })

  test('fault D07: that passes nothing on for 3 s is waited for', { timeout: 60_000 }, async () => {
    await using link = await open()
    await holds(link, 20, () => link.stall(3_000))
  })

  test('fault D07: that is cut again and again leaves live lists and subscriptions right, whatever they were at', {
    timeout: 90_000,
  }, async () => {
    await using link = await open()
    await using spec = await over(link)
    const where = { text: { startswith: 'list' } } as const
    const wanted = [
      { where, sort: '-id', limit: 5 },
      { where, sort: 'text', limit: 5 },
      { where, limit: 1_000 },
    ] as const
    const set = new Map<unknown, string>()
    const follow = async (events: ReturnType<typeof spec.subscribe<'notes'>>) => {
      for await (const event of events) {
        if (event.type === 'reset') set.clear()
        if (event.type === 'enter' || event.type === 'update') set.set(event.key, event.data.text)
        if (event.type === 'leave') set.delete(event.key)
      }
    }
    const snapshot = spec.subscribe('notes', { where, snapshot: true })
    const following = follow(snapshot)
    for (let round = 0; round < 4; round++) {
      // Begun anew each time, so that beginnings are cut too.
      const lists = wanted.map((options) => spec.live('notes', options))
      const late = spec.subscribe('notes', { where, snapshot: true })
      for (let n = 0; n < 4; n++) {
        const { id } = await near.create('notes', { text: `list ${round} ${n}` })
        if (n === 1) link.cut()
        if (n === 2) await near.delete('notes', id)
        if (n === 3) await near.update('notes', id, { text: `list ${round} changed` })
      }
      if (round % 2 === 0) link.cut()
      for (const [index, options] of wanted.entries()) {
        const { data } = await near.read('notes', options)
        await until(() => JSON.stringify(lists[index]?.rows) === JSON.stringify(data), 20_000).catch(() => {})
        expect(lists[index]?.rows).toEqual(data)
      }
      const begun: unknown[] = []
      for await (const event of late) {
        if (event.type === 'reset') begun.length = 0
        if (event.type === 'enter') begun.push(event.key)
        if (begun.length >= (await near.count('notes', where))) break
      }
      await Promise.all(lists.map((live) => live.close()))
    }
    const { data } = await near.read('notes', { where, limit: 1_000 })
    const texts = data.map(({ text }) => text).sort()
    await until(() => JSON.stringify([...set.values()].sort()) === JSON.stringify(texts), 10_000).catch(() => {})
    expect([...set.values()].sort()).toEqual(texts)
    await snapshot.close()
    await following
  })

  const ROUGH: Readonly<Record<string, Roughness>> = {
    '1 to 7 bytes at a time': { sliceBytes: 7 },
    '60 ms late': { latencyMs: 60 },
    '8 KB a second': { bytesPerSecond: 8_000 },
  }

  test.each(Object.entries(ROUGH))(
    'fault D07: that passes %s does so in the end',
    { timeout: 90_000 },
    async (_, rough) => {
      await using link = await open(rough)
      await holds(link, 30, async () => {})
    },
  )

  test('fault D09: that is away for 10 s is gone on with where it was', { timeout: 60_000 }, async () => {
    await using link = await open()
    await using spec = await over(link)
    await using set = spec.subscribe('notes', { where: { text: { startswith: 'away' } } })
    await using live = spec.live('notes', { where: { text: { startswith: 'away' } } })
    await Promise.all([set.ready, live.ready])
    link.down()
    await until(() => spec.connection.state === 'offline')
    const offline = Promise.all([
      near.create('notes', { text: 'away 1' }),
      spec.create('notes', { text: 'away 2' }, PATIENT),
    ])
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    link.up()
    await offline
    const told = [(await set.next()).value, (await set.next()).value]
    expect(told).toMatchObject([
      { type: 'enter', data: { text: 'away 1' } },
      { type: 'enter', data: { text: 'away 2' } },
    ])
    await until(() => live.rows?.length === 2)
  })
})

test('fault D09: a client that was away for longer than changes are kept is told so, with the rows that there are', {
  timeout: 60_000,
}, async () => {
  await using pglite = new PGlite()
  const failures: unknown[] = []
  await using server = await api.listen({
    database: drizzle(pglite),
    createTables: true,
    broker: { port: 0, webSocket: false },
    limits: { maxChanges: 4, maxChangeAgeMs: 10_001 },
    logger: { info() {}, warn() {}, error: (facts, message) => void failures.push([facts, message]) },
  })
  const port = server.addresses.mqtt?.port ?? 0
  await using near = await connect<typeof api>(`mqtt://127.0.0.1:${port}`)
  await using link = await RoughLink.open(port)
  await using spec = await connect<typeof api>(`mqtt://127.0.0.1:${link.port}`, PATIENT)
  await using set = spec.subscribe('notes')
  await using live = spec.live('notes', { columns: ['text'], limit: 1_000 })
  await Promise.all([set.ready, live.ready])
  await near.create('notes', { text: 'before' })
  expect((await set.next()).value).toMatchObject({ type: 'enter', data: { text: 'before' } })
  link.down()
  const pruned = async () =>
    Number((await pglite.query<{ pruned: string }>('select pruned from mqttspec.stream')).rows[0]?.pruned)
  let written = 1
  await until(async () => {
    await near.create('notes', { text: `meanwhile ${written++}` })
    // No faster, or there are more rows than a page of the list holds before the stream is shortened.
    await new Promise((resolve) => setTimeout(resolve, 10))
    return (await pruned()) > 2
  }, 20_000)
  link.up()
  const told: (SubscriptionEvent | undefined)[] = []
  while (told.at(-1)?.type !== 'ready') told.push((await set.next()).value)
  expect(told[0]).toMatchObject({ type: 'reset', reason: 'history' })
  expect(told.slice(1, -1)).toHaveLength(written)
  await until(() => live.rows?.length === written)
  expect(failures).toEqual([])
})
