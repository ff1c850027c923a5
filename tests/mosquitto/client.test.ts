import { PGlite } from '@electric-sql/pglite'
import { connect } from '@mqttspec/client'
import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/pglite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { findMosquitto, type Mosquitto, startAt } from './start-mosquitto.ts'

const items = pgTable('items', { id: serial().primaryKey(), rank: integer() })
const api = defineSpec({ schema: { items } }).entity('items')

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

    constructor(database = pglite) {
      this.#database = database
    }

    async start(options: Partial<ListenOptions> = {}): Promise<Server> {
      const logger = { info() {}, warn() {}, error() {} }
      const url = broker.url
      this.#current = await api.listen({
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
})
