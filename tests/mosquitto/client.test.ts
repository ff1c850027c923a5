import { PGlite } from '@electric-sql/pglite'
import { connect } from '@mqttspec/client'
import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/pglite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findMosquitto, type Mosquitto, startAt } from './start-mosquitto.ts'

const items = pgTable('items', { id: serial().primaryKey(), rank: integer() })
const api = defineSpec({ schema: { items } }).entity('items')

/** Who comes with a token `name until`, until that time in seconds, is that. */
const known = defineSpec({
  schema: { items },
  auth: z.object({ id: z.string(), exp: z.number() }),
  authenticate: ({ token }) => {
    const [name, until] = (token ?? '').split(' ')
    return name ? { id: name, exp: Number(until) } : undefined
  },
}).entity('items', { allow: { delete: (auth) => auth.id === 'ann' } })

describeWith('Mosquitto', findMosquitto(), (mosquitto) => {
  let broker: Mosquitto
  let pglite: PGlite

  beforeAll(async () => {
    broker = await startAt(mosquitto)
    pglite = new PGlite()
    await (await new Servers().start()).close()
  })
  afterAll(async () => {
    await pglite.close()
    await broker[Symbol.asyncDispose]()
  })
  beforeEach(async () => void (await pglite.query('delete from items')))

  /** Servers over the database that is there, each under an id of its own, as one has that starts anew. */
  class Servers implements AsyncDisposable {
    #current: Server | undefined
    readonly #database: PGlite
    readonly #api: Pick<typeof api, 'listen'>

    constructor(database = pglite, spec: Pick<typeof api, 'listen'> = api) {
      this.#database = database
      this.#api = spec
    }

    async start(options: Partial<ListenOptions> = {}): Promise<Server> {
      const logger = { info() {}, warn() {}, error() {} }
      const url = broker.url
      this.#current = await this.#api.listen({
        database: drizzle(this.#database),
        broker: { url, reconnectDelayMs: 50 },
        createTables: true,
        logger,
        ...options,
      })
      return this.#current
    }

    /** Closes the one that is there. */
    async stop(): Promise<void> {
      await this.#current?.close()
    }

    [Symbol.asyncDispose](): Promise<void> {
      return this.stop()
    }
  }

  const take = async <Event>(events: AsyncIterator<Event, undefined>, count: number) => {
    const taken: (Event | undefined)[] = []
    while (taken.length < count) taken.push((await events.next()).value)
    return taken
  }
  const insert = (rank: number) => pglite.query('insert into items (rank) values ($1)', [rank])

  describe('a client whose server starts anew, while its own connection stays', () => {
    test('is told of everything that it subscribed to, also of what was written meanwhile', async () => {
      await using servers = new Servers()
      await servers.start()
      await using spec = await connect<typeof api>(broker.url)
      await using set = spec.subscribe('items')
      await set.ready
      await spec.create('items', { rank: 1 })
      expect((await set.next()).value).toMatchObject({ type: 'enter', data: { rank: 1 } })
      await servers.stop()
      await insert(2)
      const second = await servers.start()
      expect((await set.next()).value).toMatchObject({ type: 'enter', data: { rank: 2 } })
      await spec.create('items', { rank: 3 })
      expect((await set.next()).value).toMatchObject({ type: 'enter', data: { rank: 3 } })
      expect((await second.health()).subscriptions).toBe(1)
      expect(spec.connection.state).toBe('online')
    })

    test('is told to read anew where the server keeps no history', async () => {
      await using bare = new PGlite()
      await using servers = new Servers(bare)
      await servers.start({ install: false })
      await using spec = await connect<typeof api>(broker.url)
      await using set = spec.subscribe('items')
      await set.ready
      await servers.stop()
      await servers.start({ install: false })
      expect((await set.next()).value).toMatchObject({ type: 'reset', reason: 'history' })
      await spec.create('items', { rank: 3 })
      expect((await set.next()).value).toMatchObject({ type: 'enter', data: { rank: 3 } })
    })

    test('has its live lists right again', async () => {
      await using servers = new Servers()
      await servers.start()
      await using spec = await connect<typeof api>(broker.url)
      await using live = spec.live('items', { columns: ['rank'], sort: 'rank' })
      await live.ready
      await servers.stop()
      await insert(2)
      await servers.start()
      await until(() => live.rows?.length === 1)
    })

    test('has what it asked meanwhile answered as soon as there is a server, and written once', async () => {
      await using servers = new Servers()
      await using spec = await connect<typeof api>(broker.url)
      const start = performance.now()
      const calls = [1, 2, 3].map((rank) => spec.create('items', { rank }, { timeoutMs: 20_000 }))
      await using set = spec.subscribe('items', { timeoutMs: 20_000 })
      await servers.start()
      expect((await Promise.all(calls)).map(({ rank }) => rank)).toEqual([1, 2, 3])
      await set.ready
      // Sooner than at half of their time, when they would be sent again anyway.
      expect(performance.now() - start).toBeLessThan(8_000)
      expect(await spec.count('items')).toBe(3)
    })
  })

  describe('a client whose link to the broker is not all that breaks', () => {
    test('fault D06: is told of everything once when the broker starts anew and remembers nothing', async () => {
      await using own = await startAt(mosquitto)
      await using servers = new Servers()
      const server = await servers.start({ broker: { url: own.url, reconnectDelayMs: 50 } })
      await using spec = await connect<typeof api>(own.url)
      await using set = spec.subscribe('items')
      await using live = spec.live('items', { columns: ['rank'], sort: 'rank' })
      await Promise.all([set.ready, live.ready])
      for (let rank = 1; rank <= 3; rank++) {
        await own.restart()
        await insert(rank)
        const waiting = spec.create('items', { rank: rank + 100 })
        const [told] = await Promise.all([take(set, 2), waiting])
        const ranks = told.map((event) => (event?.type === 'enter' ? Number(event.data.rank) : event?.type))
        expect(new Set(ranks)).toEqual(new Set([rank, rank + 100]))
      }
      await until(() => live.rows?.length === 6)
      expect(await spec.count('items')).toBe(6)
      // Those of lost links go with the first thing that they tell.
      await until(async () => (await server.health()).subscriptions === 2)
    })

    test('has one subscription where the server alone was away from the broker, and misses nothing', async () => {
      await using link = await startCuttingProxy(broker.port)
      await using servers = new Servers()
      const url = `mqtt://127.0.0.1:${link.port}`
      const server = await servers.start({ broker: { url, clientId: 'the-server', reconnectDelayMs: 50 } })
      await using spec = await connect<typeof api>(broker.url)
      await using set = spec.subscribe('items')
      await set.ready
      for (let rank = 1; rank <= 3; rank++) {
        link.cut('reset')
        await insert(rank)
        expect(await take(set, 1)).toMatchObject([{ type: 'enter', data: { rank } }])
      }
      await until(async () => (await server.health()).subscriptions === 1)
    })
  })

  describe('a client that the server asks who it is', () => {
    const LIFE_SECONDS = 3
    const tokenOf = (name: string, seconds = LIFE_SECONDS) => `${name} ${Math.ceil(Date.now() / 1_000) + seconds}`

    test('tells it, and may do what it may', async () => {
      await using servers = new Servers(pglite, known)
      await servers.start()
      await using ann = await connect<typeof known>(broker.url, { token: tokenOf('ann', 60) })
      await using bob = await connect<typeof known>(broker.url, { username: 'bob 9999999999', identify: true })
      await using set = ann.subscribe('items')
      await set.ready
      const { id } = await bob.create('items', { rank: 1 })
      expect((await set.next()).value).toMatchObject({ type: 'enter', key: id })
      await expect(bob.delete('items', id)).rejects.toMatchObject({ code: 'forbidden' })
      await ann.delete('items', id)
      await using nobody = await connect<typeof known>(broker.url)
      await expect(nobody.read('items')).rejects.toMatchObject({ code: 'unauthorized' })
    })

    test('goes on when its token ends, with one that it asks for anew', async () => {
      await using servers = new Servers(pglite, known)
      await servers.start()
      let asked = 0
      const token = () => {
        asked++
        return tokenOf('ann')
      }
      await using spec = await connect<typeof known>(broker.url, { token, identify: true })
      await using live = spec.live('items', { columns: ['rank'], sort: 'rank', limit: 200 })
      await using set = spec.subscribe('items')
      await set.ready
      const end = Date.now() + LIFE_SECONDS * 2_000
      let rank = 0
      while (Date.now() < end) {
        await spec.create('items', { rank: rank++ })
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await until(() => live.rows?.length === rank)
      // Who it is has not changed: its subscriptions go on as they were.
      expect((await take(set, rank)).map((event) => event?.type)).toEqual(Array(rank).fill('enter'))
      expect(asked).toBeGreaterThan(2)
    })

    test('has a write run once that it sends again in a renewed session', async () => {
      await using servers = new Servers(pglite, known)
      await servers.start()
      await using wire = await WireClient.connect(broker.url, 'wire')
      const sessionOf = async (id: string) => {
        const reply = await wire.ask({ id, type: 'connect', data: { token: tokenOf('ann', 60) } })
        return (reply.data as { session: string }).session
      }
      const write = {
        type: 'request',
        id: 'a-long-id-of-a-write',
        operation: 'create',
        entity: 'items',
        data: { rank: 1 },
      }
      const first = await wire.ask({ session: await sessionOf('1'), ...write })
      await servers.stop()
      await servers.start()
      const second = await wire.ask({ session: await sessionOf('2'), ...write })
      expect(second).toMatchObject({ success: true, data: first.data })
      expect((await pglite.query('select from items')).rows).toHaveLength(1)
    })

    test('tells it anew to a server that has started anew, and has missed nothing', async () => {
      await using servers = new Servers(pglite, known)
      await servers.start()
      await using spec = await connect<typeof known>(broker.url, { token: () => tokenOf('ann', 60) })
      await using set = spec.subscribe('items')
      await set.ready
      await spec.create('items', { rank: 1 })
      expect((await set.next()).value).toMatchObject({ type: 'enter', data: { rank: 1 } })
      await servers.stop()
      await insert(2)
      const waiting = spec.create('items', { rank: 3 })
      const [told] = await Promise.all([take(set, 2), waiting, servers.start()])
      expect(told).toMatchObject([
        { type: 'enter', data: { rank: 2 } },
        { type: 'enter', data: { rank: 3 } },
      ])
      expect(await spec.count('items')).toBe(3)
    })
  })
})
