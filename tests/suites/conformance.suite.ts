import { defineSpec, type HookName } from '@mqttspec/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Case, casesOf } from '../conformance/cases.ts'
import { mismatch } from '../conformance/match.ts'
import * as schema from '../conformance/schema.ts'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'

/** A server to hold the cases against. */
export interface Setting {
  readonly url: string
  /** Puts the database back to what the fixture says. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** What the server does beside the plain: set by a case, and put back before each. */
interface Profile {
  /** Tenants see their own rows, and a hook sets the tenant of new ones. */
  tenants: boolean
  /** The hook that throws, and what. */
  throws: { readonly hook: HookName; readonly what: unknown } | undefined
}

const profile: Profile = { tenants: false, throws: undefined }

const trip = (hook: HookName) => () => {
  if (profile.throws?.hook === hook) throw profile.throws.what
}

const tenant = z.object({ tenant: z.string() })
const scope = (auth: z.infer<typeof tenant>) => (profile.tenants ? { tenant_id: auth.tenant } : true)

/** The entities of the cases, for clients that are who their id says. */
export const api = defineSpec({
  schema,
  auth: tenant,
  authenticate: ({ clientId }) => ({ tenant: clientId === 'eve' ? 'b' : 'a' }),
})
  .entity('users', { scope })
  .entity('posts', { scope })
  .entity('locked', { allow: { create: false } })
  .hook('beforeCreate', 'users', (ctx) => {
    if (profile.tenants) ctx.data.tenant_id = ctx.auth.tenant
  })
  .hook('beforeHandle', trip('beforeHandle'))
  .hook('beforeRead', trip('beforeRead'))
  .hook('beforeDelete', trip('beforeDelete'))
  .hook('afterUpdate', trip('afterUpdate'))

/** The same without anybody being asked who they are. */
export const openApi = defineSpec({ schema })
  .entity('users')
  .entity('posts')
  .entity('locked', { allow: { create: false } })
  .hook('afterUpdate', trip('afterUpdate'))

/** What of a case's `given` is about the server. */
function setProfile(one: Case, group: string): void {
  profile.tenants = group === 'G' && !one.given?.includes('hrows')
  profile.throws = THROWS.get(one.id)
}

const THROWS = new Map<string, Profile['throws']>([
  ['F18', { hook: 'afterUpdate', what: new Error('no') }],
  ['G09', { hook: 'beforeDelete', what: new Error('permission denied: delete requires admin role') }],
  ['G12', { hook: 'beforeHandle', what: new Error('not you') }],
  ['G15', { hook: 'beforeRead', what: undefined }],
])

/** The groups of cases, by letter; G is about who asks. */
export const GROUPS = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
const SUBSCRIBE_OPTIONS = new Map<string, unknown>([
  ['alice: subscribe filters status eq active', { filters: [{ column: 'status', operator: 'eq', value: 'active' }] }],
  [
    'alice: subscribe filters status in [active,pending], age gte 18',
    {
      filters: [
        { column: 'status', operator: 'in', value: ['active', 'pending'] },
        { column: 'age', operator: 'gte', value: 18 },
      ],
    },
  ],
])

/** Runs every case against one broker and one database. */
export function conformanceSuite(name: string, open: () => Promise<Setting>, groups = GROUPS): void {
  describe(`conformance over ${name}`, () => {
    let setting: Setting
    let clients: Map<string, WireClient>

    beforeAll(async () => {
      setting = await open()
    }, 60_000)
    afterAll(async () => setting?.close())
    beforeEach(async () => {
      await setting.reset()
      Object.assign(profile, { tenants: false, throws: undefined })
      clients = new Map()
      for (const id of ['alice', 'adam', 'eve']) clients.set(id, await WireClient.connect(setting.url, id))
    })
    afterEach(async () => {
      for (const client of clients.values()) await client[Symbol.asyncDispose]()
    })

    for (const group of groups) {
      for (const one of casesOf(group)) {
        test(`case ${one.id}: ${one.title}`, async () => {
          setProfile(one, group)
          await run(one, clientOf)
        })
      }
    }

    function clientOf(id: string): WireClient {
      const client = clients.get(id)
      if (!client) throw new Error(`there is no client ${id}`)
      return client
    }
  })
}

async function run(one: Case, clientOf: (id: string) => WireClient): Promise<void> {
  const subscriber = clientOf(one.given?.startsWith('eve') ? 'eve' : 'alice')
  const subscription = one.notify || /subscribe/.test(one.given ?? '') ? await subscribe(subscriber, one) : undefined
  let known = (value: unknown) => fill(value, subscription)
  const sender = clientOf(one.client ?? 'alice')
  const before = sender.responses.length
  const replies = one.sendTwice ? 2 : 1
  for (let sent = 0; sent < replies; sent++) await sender.send(known(one.send))
  await until(() => sender.responses.length >= before + replies)
  await quiet(30)
  const came = sender.responses.slice(before)
  expect(came).toHaveLength(replies)
  // A case that subscribes names its own subscription.
  if (!subscription) known = (value) => fill(value, (came[0] as { data?: Subscription }).data)
  for (const reply of came) expect(mismatch(reply, known(one.expect))).toBeUndefined()
  if (one.notify) await checkNotifications(subscriber, known(one.notify) as NonNullable<Case['notify']>)
  await checkThen(one, clientOf, known)
  // Behind an external broker a subscription outlives its client's connection, and would be told of the next case.
  const begun = subscription ?? (came[0] as { data?: Subscription }).data
  if (begun?.subscription_id)
    await subscriber.ask({
      id: 'end',
      type: 'subscription',
      operation: 'unsubscribe',
      subscription_id: begun.subscription_id,
    })
}

interface Subscription {
  readonly subscription_id: string
  readonly notify_topic: string
}

async function subscribe(client: WireClient, one: Case): Promise<Subscription> {
  const reply = await client.ask({
    id: 'given',
    type: 'subscription',
    operation: 'subscribe',
    entity: 'users',
    ...(one.id !== 'F13' && { schema: 'public' }),
    options: SUBSCRIBE_OPTIONS.get(one.given ?? '') ?? {},
  })
  return reply.data as Subscription
}

/** The case with the values of the subscribe response in it. */
function fill(value: unknown, subscription: Subscription | undefined): unknown {
  if (typeof value === 'string' || !subscription?.notify_topic) return value
  const text = JSON.stringify(value)
    .replaceAll('$notify_topic', subscription.notify_topic)
    .replaceAll('$sub', subscription.subscription_id)
  return JSON.parse(text)
}

async function checkNotifications(client: WireClient, expected: NonNullable<Case['notify']>): Promise<void> {
  if (expected.length === 0) await quiet(500)
  else await until(() => client.notifications.length >= expected.length)
  await quiet(50)
  expect(client.notifications).toHaveLength(expected.length)
  for (const [index, { topic, payload }] of expected.entries()) {
    expect(client.notifications[index]?.topic).toBe(topic)
    expect(mismatch(client.notifications[index]?.payload, payload)).toBeUndefined()
  }
}

/** What a case says must hold afterwards, in words; each is spelled out here. */
async function checkThen(one: Case, clientOf: (id: string) => WireClient, known: (value: unknown) => unknown) {
  const write = {
    id: `then-${one.id}`,
    type: 'request',
    operation: 'update',
    entity: 'users',
    record_id: 1,
    data: { age: 77 },
  }
  switch (one.id) {
    case 'C07': {
      const filters = [{ column: 'name', operator: 'eq', value: 'Once' }]
      const reply = await clientOf('alice').ask({
        id: 'then',
        type: 'request',
        operation: 'read',
        entity: 'users',
        options: { filters },
      })
      return expect(mismatch(reply, { metadata: { total: 1 } })).toBeUndefined()
    }
    case 'F14':
      await clientOf('adam').ask(write)
      return checkNotifications(clientOf('alice'), [])
    case 'F17':
      await clientOf('adam').ask(write)
      return checkNotifications(
        clientOf('alice'),
        known([{ topic: '$notify_topic', payload: { data: { age: 77 } } }]) as [],
      )
    case 'F18':
    case 'G09': {
      const [entity, id, row] = one.id === 'F18' ? ['users', 1, { age: 30 }] : ['users', 4, { id: 4 }]
      const reply = await clientOf('alice').ask({
        id: 'then',
        type: 'request',
        operation: 'read',
        entity,
        record_id: id,
      })
      return expect(mismatch(reply, { data: row })).toBeUndefined()
    }
    case 'G15':
      profile.throws = { hook: 'beforeRead', what: new TypeError('secret text of a driver') }
      expect(
        mismatch(await clientOf('alice').ask(one.send), {
          error: { code: 'hook_error', message: 'hook beforeRead failed' },
        }),
      ).toBeUndefined()
      return expect(mismatch(await clientOf('alice').ask({ id: 'p', type: 'ping' }), { type: 'pong' })).toBeUndefined()
    default:
      if (one.then) throw new Error(`case ${one.id} says "${one.then}", which no test checks`)
  }
}
