import { defineSpec, type Server } from '@mqttspec/server'
import { sql } from 'drizzle-orm'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type CuttingProxy, startCuttingProxy } from '../cutting-proxy.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

const items = pgTable('items', { id: serial().primaryKey(), grp: integer().notNull(), note: text() })
const api = defineSpec({ schema: { items } }).entity('items', {
  computed: { slow: (table) => sql`case when ${table.id} > 0 then pg_sleep(60)::text end` },
})

const STATEMENT_MS = 2_000

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres | undefined
  let server: Server
  let past: postgres.Sql
  let toDatabase: CuttingProxy | undefined
  let clients: WireClient[] = []
  let asked = 0

  beforeAll(async () => {
    cluster = await startPostgres()
  }, 60_000)
  afterAll(() => cluster?.stop())
  const listen = async (maxStatementMs: number) => {
    const url = (await cluster?.createDatabase()) ?? ''
    toDatabase = await startCuttingProxy(cluster?.port ?? 0)
    const database = url.replace(`:${cluster?.port}/`, `:${toDatabase.port}/`)
    past = postgres(url, { max: 1, onnotice: () => {} })
    server = await api.listen({
      database,
      createTables: true,
      install: true,
      broker: { port: 0, webSocket: false },
      limits: { maxStatementMs },
      logger: { info() {}, warn() {}, error() {} },
    })
  }
  afterEach(async () => {
    for (const client of clients) await client[Symbol.asyncDispose]()
    clients = []
    await server.close()
    await past.end()
    await toDatabase?.[Symbol.asyncDispose]()
  })

  const connect = async (clientId: string) => {
    const client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, clientId)
    clients.push(client)
    return client
  }
  const ask = (client: WireClient, message: object) =>
    client.ask({ id: `r${++asked}`, type: 'request', entity: 'items', ...message })

  test('fault O10: statements that would run for a minute end in their time, and meanwhile notifications go on', async () => {
    await listen(STATEMENT_MS)
    const [subscriber, ...slow] = await Promise.all(Array.from({ length: 17 }, (_, n) => connect(`c${n}`)))
    if (!subscriber) throw new Error('nobody has connected')
    await past`insert into items (grp) values (1)`
    await ask(subscriber, { type: 'subscription', operation: 'subscribe' })
    const startedAt = performance.now()
    const answered = slow.map(async (client) => {
      const message = { id: `r${++asked}`, type: 'request', operation: 'read', entity: 'items' }
      await client.send({ ...message, options: { columns: ['id', 'slow'] } })
      await until(() => client.responses.length > 0, 20_000)
      const [reply] = client.responses as [{ error?: { code: string } }]
      return { code: reply.error?.code, afterMs: performance.now() - startedAt }
    })
    await until(async () => {
      const [row] = await past`
        select count(*)::int as busy from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
      return row?.busy >= 10
    })
    const writtenAt = performance.now()
    await past`insert into items (grp, note) values (2, 'meanwhile')`
    await until(() => subscriber.notifications.length > 0, 10_000)
    expect(performance.now() - writtenAt).toBeLessThan(STATEMENT_MS)
    const outcomes = await Promise.all(answered)
    expect(outcomes.map(({ code }) => code)).toEqual(Array(16).fill('timeout'))
    // The first ten run at once, the others after them.
    const times = outcomes.map(({ afterMs }) => afterMs).sort((one, another) => one - another)
    expect(times[9]).toBeLessThan(STATEMENT_MS * 1.9)
    expect(times[15]).toBeLessThan(STATEMENT_MS * 3)
  }, 40_000)

  test('fault O11: a reply that would be 200 MB is refused with what to do, and the next one is answered', async () => {
    await listen(20_000)
    const client = await connect('a')
    await past`insert into items (grp, note) select 1, repeat('x', 200000) from generate_series(1, 1000)`
    await client.send({ id: 'all', type: 'request', operation: 'read', entity: 'items', options: { limit: 1_000 } })
    await until(() => client.responses.length > 0, 30_000)
    // And has not come here to be thrown away.
    expect(toDatabase?.bytesBack).toBeLessThan(1_000_000)
    expect(client.responses[0]).toMatchObject({
      error: { code: 'payload_too_large', message: expect.stringMatching(/fewer rows or columns/) },
    })
    const some = await ask(client, { operation: 'read', options: { limit: 1_000, columns: ['id'] } })
    expect(some.data).toHaveLength(1_000)
  }, 60_000)
})
