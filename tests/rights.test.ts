import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import mqtt from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { until } from './until.ts'
import { WireClient } from './wire-client.ts'

/*
 * What SPEC.md promises of who asks, beside what the suite of tenants holds every database to.
 */

const users = pgTable('users', { id: serial().primaryKey(), tenant: text().notNull(), name: text().notNull().unique() })
const posts = pgTable('posts', {
  id: serial().primaryKey(),
  tenant: text().notNull(),
  userId: integer()
    .notNull()
    .references(() => users.id),
  title: text().notNull(),
})

/** A token here is the claims themselves. */
const api = defineSpec({
  schema: { users, posts },
  auth: z.object({ sub: z.string(), tenant: z.string() }),
  authenticate: ({ token }) => (token ? JSON.parse(token) : undefined),
})
  .entity('users', { stamp: { tenant: (auth) => auth.tenant }, scope: (auth) => ({ tenant: auth.tenant }) })
  .entity('posts', { scope: (auth) => ({ tenant: auth.tenant }) })

interface Reply {
  readonly success: boolean
  readonly data: Record<string, unknown>
  readonly error?: { readonly code: string }
  readonly metadata?: Record<string, unknown>
}

let server: Awaited<ReturnType<typeof api.listen>>
let clients: WireClient[] = []
let asked = 0

const url = () => `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
const login = (claims: object) => ({ username: 'token', password: JSON.stringify(claims) })

async function connect(clientId: string, claims: object): Promise<WireClient> {
  const client = await WireClient.connect(url(), clientId, 'spec', login(claims))
  clients.push(client)
  return client
}

const ask = async (client: WireClient, message: object): Promise<Reply> =>
  (await client.ask({ id: `rights-${++asked}`, type: 'request', ...message })) as unknown as Reply
const read = (client: WireClient, entity: string, options: object = {}) =>
  ask(client, { operation: 'read', entity, options })
const create = (client: WireClient, entity: string, data: unknown) => ask(client, { operation: 'create', entity, data })
const subscribe = (client: WireClient, entity: string, options: object = {}) =>
  ask(client, { type: 'subscription', operation: 'subscribe', entity, options })
const told = (client: WireClient) => client.notifications.map(({ payload }) => payload as Record<string, unknown>)
const codeOf = ({ error }: Reply) => error?.code

beforeAll(async () => {
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  server = await api.listen({ broker: { port: 0, webSocket: false }, logger })
})
afterAll(async () => server?.close())
afterEach(async () => {
  for (const client of clients) await client[Symbol.asyncDispose]()
  clients = []
})

async function twoTenants() {
  const a = await connect('a', { sub: 'ann', tenant: 'a' })
  const b = await connect('b', { sub: 'bob', tenant: 'b' })
  await create(a, 'users', { name: `ann-${++asked}` })
  return { a, b }
}

describe('a scope', () => {
  test('is outside whatever the client sends, an OR too', async () => {
    const { b } = await twoTenants()
    const all = { column: 'id', operator: 'gt', value: 0, logic_operator: 'OR' }
    const own = { column: 'tenant', operator: 'eq', value: 'b' }
    for (const filters of [[own, all], [{ or: [own, all] }], [{ not: { ...own, operator: 'neq' } }, all]]) {
      expect(await read(b, 'users', { filters })).toMatchObject({ success: true, data: [], metadata: { total: 0 } })
    }
    const figures = { aggregate: { fields: { rows: { fn: 'count' } } } }
    expect((await read(b, 'users', figures)).data).toEqual([{ rows: 0 }])
  })

  test('refuses a row that would be outside it, and stores nothing', async () => {
    const { b } = await twoTenants()
    const { data: bob } = await create(b, 'users', { name: `bob-${++asked}` })
    const stray = { tenant: 'a', userId: bob.id, title: 'stray' }
    expect(codeOf(await create(b, 'posts', stray))).toBe('forbidden')
    const { data: post } = await create(b, 'posts', { ...stray, tenant: 'b' })
    expect(
      codeOf(await ask(b, { operation: 'update', entity: 'posts', record_id: post.id, data: { tenant: 'a' } })),
    ).toBe('forbidden')
    expect(await ask(b, { operation: 'read', entity: 'posts', record_id: post.id })).toMatchObject({
      data: { tenant: 'b' },
    })
  })
})

describe('who a client is', () => {
  const refusal = async (clientId: string, options: object) => {
    const error = await mqtt.connectAsync(url(), { clientId, reconnectPeriod: 0, ...options }).then(
      async (client) => client.endAsync(true).then(() => undefined),
      (reason: { code?: number }) => reason,
    )
    return error?.code
  }

  test('without credentials, or with ones that do not have the form, a client is refused with CONNACK 5', async () => {
    expect(await refusal('nobody', {})).toBe(5)
    expect(await refusal('nobody', login({ sub: 'x' }))).toBe(5)
    expect(await refusal('nobody', { username: 'token', password: 'no json' })).toBe(5)
    expect(await refusal('nobody', login({ sub: 'x', tenant: 'a', exp: 1 }))).toBe(5)
  })

  test('a client id belongs to one principal, also while it is away', async () => {
    const own = await mqtt.connectAsync(url(), {
      clientId: 'taken',
      clean: false,
      reconnectPeriod: 0,
      ...login({ sub: 'ann', tenant: 'a' }),
    })
    const stranger = login({ sub: 'bob', tenant: 'a' })
    expect(await refusal('taken', stranger)).toBe(5)
    expect(own.connected).toBe(true)
    await own.endAsync()
    expect(await refusal('taken', { ...stranger, clean: false })).toBe(5)
  })

  test('connect says anew who a client is, and its subscriptions begin again by the new rights', async () => {
    const { a, b } = await twoTenants()
    await subscribe(a, 'users')
    const token = JSON.stringify({ sub: 'ann', tenant: 'b' })
    const reply = await ask(a, { type: 'connect', data: { token } })
    expect(reply).toMatchObject({
      success: true,
      data: { session: expect.any(String), expires_at: expect.any(String) },
    })
    await until(() => told(a).length === 1)
    expect(told(a)[0]).toMatchObject({ operation: 'reset', data: { reason: 'rights' }, seq: 1 })
    await create(b, 'users', { name: `seen-${++asked}` })
    await until(() => told(a).length === 2)
    expect(told(a)[1]).toMatchObject({ operation: 'create', data: { tenant: 'b' }, seq: 2 })
    const stranger = await ask(a, { type: 'connect', data: { token: JSON.stringify({ sub: 'eve', tenant: 'b' }) } })
    expect(codeOf(stranger)).toBe('auth_error')
  })
})

test('a server that cannot tell who asks listens on loopback only, unless it is told otherwise', async () => {
  const open = defineSpec({ schema: { users } }).entity('users')
  const broker = { host: '0.0.0.0', port: 0, webSocket: false } as const
  await expect(open.listen({ broker })).rejects.toThrow('allowAnonymous')
})
