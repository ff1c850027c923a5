import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { integer, pgEnum, pgSchema, pgTable, serial, text } from 'drizzle-orm/pg-core'
import mqtt, { type IClientOptions } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'

const gadgets = pgTable('gadgets', {
  id: serial().primaryKey(),
  name: text().notNull(),
  size: integer().notNull().default(7),
})
const api = defineSpec({ schema: { gadgets } }).entity('gadgets')
const broker = { port: 0, webSocket: false } as const

let open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.reverse()) await close()
  open = []
})

async function listen(
  options: ListenOptions = {},
  spec: { listen(o: ListenOptions): Promise<Server> } = api,
): Promise<string> {
  const server = await spec.listen({ broker, ...options })
  open.push(() => server.close())
  return `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
}

async function connect(url: string, prefix = 'spec', options: IClientOptions = {}): Promise<WireClient> {
  const client = await WireClient.connect(url, 'me', prefix, options)
  open.push(() => client[Symbol.asyncDispose]())
  return client
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mqttspec-listen-'))
  open.push(() => rm(path, { recursive: true, force: true }))
  return join(path, 'data')
}

const read = { id: 'r', type: 'request', operation: 'read', entity: 'gadgets' }

describe('tables', () => {
  const migrations = fileURLToPath(new URL('./migrations', import.meta.url))

  test('come from Drizzle’s migrations, each run once', async () => {
    const database = `pglite:${await directory()}`
    for (let start = 0; start < 2; start++) {
      const server = await api.listen({ broker, database, migrations })
      const client = await connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
      expect((await client.ask({ ...read, id: `r${start}` })).data).toEqual([
        { id: 1, name: 'from a migration', size: 7 },
      ])
      await server.close()
    }
  })

  test('that the database lacks are an error that says what to do', async () => {
    await expect(listen({ database: `pglite:${await directory()}` })).rejects.toThrow(
      /no table public.gadgets: run its migrations, or set createTables: true/,
    )
  })

  test('are created with createTables, with their schemas and enums, and what is there is left as it is', async () => {
    const database = `pglite:${await directory()}`
    const store = pgSchema('store')
    const color = pgEnum('color', ['red', 'blue'])
    const boxes = store.table('boxes', { id: serial().primaryKey(), color: color().notNull().default('red') })
    const more = defineSpec({ schema: { gadgets, store, color, boxes } }).entity('gadgets').entity('boxes')
    const first = await api.listen({ broker, database, createTables: true })
    const before = await connect(`mqtt://127.0.0.1:${first.addresses.mqtt?.port}`)
    await before.ask({ id: 'c', type: 'request', operation: 'create', entity: 'gadgets', data: { name: 'kept' } })
    await first.close()
    const client = await connect(await listen({ database, createTables: true }, more))
    expect((await client.ask(read)).data).toEqual([{ id: 1, name: 'kept', size: 7 }])
    expect(
      await client.ask({ id: 'b', type: 'request', operation: 'create', entity: 'boxes', data: {} }),
    ).toMatchObject({ data: { id: 1, color: 'red' } })
    expect(
      await client.ask({ id: 's', type: 'request', operation: 'read', entity: 'boxes', schema: 'public' }),
    ).toMatchObject({ error: { code: 'model_not_found' } })
    expect(
      await client.ask({ id: 't', type: 'request', operation: 'read', entity: 'boxes', schema: 'store' }),
    ).toMatchObject({ success: true })
  })
})

test('a directory that another server uses is an error', async () => {
  const database = `pglite:${await directory()}`
  await listen({ database, createTables: true })
  await expect(listen({ database, createTables: true })).rejects.toThrow(/in use|used by/)
})

describe('options', () => {
  test('a topic prefix may have levels', async () => {
    const client = await connect(await listen({ topicPrefix: 'plant/7' }), 'plant/7')
    expect(await client.ask(read)).toMatchObject({ success: true })
    const { data } = await client.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'gadgets' })
    expect((data as { notify_topic: string }).notify_topic).toMatch(/^plant\/7\/me\/notify\//)
  })

  test.each([0, 1, 2] as const)('each direction is spoken at QoS %i where it is asked for', async (level) => {
    const url = await listen({ qos: { request: level, response: level, notification: level } })
    const client = await mqtt.connectAsync(url, { clientId: 'me', reconnectPeriod: 0 }, false)
    open.push(() => client.endAsync(true))
    const came: { topic: string; qos: number }[] = []
    client.on('message', (topic, _, { qos }) => came.push({ topic, qos }))
    await client.subscribeAsync(['spec/me/response', 'spec/me/notify/+'], { qos: 2 })
    const send = (message: object) => client.publishAsync('spec/me/request', JSON.stringify(message), { qos: level })
    await send({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'gadgets' })
    await until(() => came.length === 1)
    await send({ id: 'c', type: 'request', operation: 'create', entity: 'gadgets', data: { name: 'x' } })
    await until(() => came.length === 3)
    expect(came.map(({ qos }) => qos)).toEqual([level, level, level])
  })

  test('what is wrong with them is told at once, all of it', async () => {
    const limits = { maxLimit: -1, nope: 1 } as never
    const wrong = listen({
      topicPrefix: 'a/+/b',
      qos: { response: 3 as never },
      limits,
      broker: { ...broker, host: '0.0.0.0' },
    })
    await expect(wrong).rejects.toThrow(
      /topicPrefix[\s\S]*qos\.response[\s\S]*limits\.maxLimit[\s\S]*limits\.nope[\s\S]*broker\.host/,
    )
  })

  test('maxConnections and keepAliveSeconds reach the broker', async () => {
    const url = await listen({ broker: { ...broker, maxConnections: 1, keepAliveSeconds: 2 } })
    const first = await connect(url)
    await expect(WireClient.connect(url, 'second')).rejects.toMatchObject({ code: 3 })
    // A client that goes silent is cut off after one and a half times the keep-alive.
    const { stream } = first.mqtt
    stream.pause()
    first.mqtt.sendPing = () => {}
    await until(() => stream.destroyed || stream.readableEnded || !first.mqtt.connected, 6_000).catch(() => undefined)
    stream.resume()
    await until(() => !first.mqtt.connected)
  })

  test('a limit that was lowered holds', async () => {
    const client = await connect(await listen({ limits: { maxLimit: 2, maxSubscriptionsPerClient: 1 } }))
    expect(await client.ask({ ...read, options: { limit: 50 } })).toMatchObject({ metadata: { limit: 2 } })
    await client.ask({ id: 's1', type: 'subscription', operation: 'subscribe', entity: 'gadgets' })
    expect(
      await client.ask({ id: 's2', type: 'subscription', operation: 'subscribe', entity: 'gadgets' }),
    ).toMatchObject({ error: { code: 'forbidden' } })
  })
})

describe('a declaration that cannot be', () => {
  const plain = pgTable('plain', { name: text() })
  const spec = defineSpec({ schema: { gadgets, plain } })
  test.each<[string, () => unknown, RegExp]>([
    ['a table without a primary key', () => spec.entity('plain'), /no primary key/],
    ['a table that is not in the schema', () => spec.entity('nope' as never), /no such table; it has gadgets, plain/],
    ['a name that is taken', () => spec.entity('gadgets').entity('gadgets'), /declared twice/],
    ['a hidden key', () => spec.entity('gadgets', { omit: ['id'] }), /primary key/],
    ['a hidden column that is none', () => spec.entity('gadgets', { omit: ['nope' as never] }), /no column/],
  ])('%s is an error where it is written', (_, declare, message) => {
    expect(declare).toThrow(message)
  })
})

test('closing twice is fine, and ends every connection', async () => {
  const server = await api.listen({ broker })
  const client = await connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
  expect(await client.ask(read)).toMatchObject({ success: true })
  await Promise.all([server.close(), server.close()])
  await server.close()
  await until(() => !client.mqtt.connected)
})
