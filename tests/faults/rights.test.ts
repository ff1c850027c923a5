import type { Socket } from 'node:net'
import { defineSpec } from '@mqttspec/server'
import mqtt from 'mqtt'
import { describe, expect, test } from 'vitest'
import { quiet, until } from '../until.ts'
import { create, read, subscribe, where } from './messages.ts'
import { canary, schema, Trial, trial } from './trial.ts'

const tried = trial()

const idOf = (reply: { data: unknown }) => (reply.data as { id: number }).id
const told = (client: { notifications: readonly { payload: unknown }[] }) =>
  client.notifications.map(({ payload }) => payload as { operation: string; change?: string; data: object })

test('fault A02: a subscription is told nothing after the token of its client has ended', async () => {
  await using short = new Trial()
  let endsAt = 0
  const expiring = defineSpec({
    schema,
    authenticate: ({ clientId }) => ({ sub: clientId, exp: clientId === 'short' ? endsAt / 1_000 : 9_999_999_999 }),
  }).entity('things')
  await short.start({}, expiring)
  // Long enough for a slow machine to subscribe in it.
  endsAt = Date.now() + 2_500
  const client = await short.connect('short', 'a', { clean: false })
  const other = await short.connect('other', 'a')
  expect(await short.code(client, subscribe())).toBe('ok')
  await until(() => !client.mqtt.connected, endsAt + 1_000 - Date.now())
  expect(Date.now()).toBeGreaterThanOrEqual(endsAt)
  const before = client.arrived.length
  expect(await short.code(other, { ...create({ label: 'late', tenant: 'a' }) })).toBe('ok')
  await quiet(100)
  expect(client.arrived).toHaveLength(before)
})

test('fault A03: a client that becomes less is told no more, and it can not become another', async () => {
  const client = await tried.connect('a03', 'a')
  const other = await tried.connect('a03-other', 'a')
  await tried.ask(client, subscribe())
  expect(await tried.code(client, { type: 'connect', data: { token: 'a03.b' } })).toBe('ok')
  await tried.ask(other, create({ label: canary('a') }))
  await quiet(100)
  expect(told(client).filter(({ change }) => change)).toEqual([])
  expect((await tried.ask(client, read())).data).toEqual([])
  expect(await tried.code(client, { type: 'connect', data: { token: 'somebody.a' } })).toBe('auth_error')
  expect((await tried.ask(client, read())).data).toEqual([])
})

test('fault A09: who comes back with other rights to a session that waited is not told by the old ones', async () => {
  const session = { clean: false, username: 'token' }
  const first = await tried.connect('a09', 'a', { ...session, password: 'a09.a' })
  await tried.ask(first, subscribe())
  await first.mqtt.endAsync(true)
  const other = await tried.connect('a09-other', 'a')
  const again = mqtt.connect(`mqtt://127.0.0.1:${tried.port}`, { clientId: 'a09', ...session, password: 'a09.b' })
  const seen: string[] = []
  again.on('message', (_topic, payload) => void seen.push(`${payload}`))
  try {
    await until(() => again.connected)
    await tried.ask(other, create({ label: canary('a') }))
    await quiet(150)
    expect(seen.filter((text) => text.includes(canary('a')))).toEqual([])
  } finally {
    await again.endAsync(true)
  }
})

test('fault A09: what waited for a client that was away is not delivered once its rights have been revoked', async () => {
  const session = { clean: false, username: 'token' }
  const first = await tried.connect('a09w', 'a', { ...session, password: 'a09w.a' })
  await tried.ask(first, subscribe())
  await first.mqtt.endAsync(true)
  const other = await tried.connect('a09w-other', 'a')
  for (let at = 0; at < 20; at += 1) await tried.ask(other, create({ label: `${canary('a')} ${at}` }))
  const again = mqtt.connect(`mqtt://127.0.0.1:${tried.port}`, { clientId: 'a09w', ...session, password: 'a09w.b' })
  const seen: string[] = []
  again.on('message', (_topic, payload) => void seen.push(`${payload}`))
  try {
    await until(() => seen.some((text) => text.includes('"reason":"rights"')))
    await quiet(100)
    expect(seen.filter((text) => text.includes('canary'))).toEqual([])
  } finally {
    await again.endAsync(true)
  }
})

test('fault A09: what waited for a client that came back with the same rights is delivered', async () => {
  const session = { clean: false, username: 'token', password: 'a09s.a' }
  const first = await tried.connect('a09s', 'a', session)
  await tried.ask(first, subscribe())
  await first.mqtt.endAsync(true)
  const other = await tried.connect('a09s-other', 'a')
  await tried.ask(other, create({ label: `${canary('a')} waited` }))
  const again = mqtt.connect(`mqtt://127.0.0.1:${tried.port}`, { clientId: 'a09s', ...session })
  const seen: string[] = []
  again.on('message', (_topic, payload) => void seen.push(`${payload}`))
  try {
    await until(() => seen.some((text) => text.includes('waited')))
  } finally {
    await again.endAsync(true)
  }
})

test('fault A09: what waits for a client that does not read is not delivered once it has become less', async () => {
  const slow = await tried.connect('a09r', 'a')
  await tried.ask(slow, subscribe())
  const other = await tried.connect('a09r-other', 'a')
  const { socket } = slow.mqtt.stream as unknown as { socket?: Socket }
  const stream = socket ?? (slow.mqtt.stream as unknown as Socket)
  stream.pause()
  // More than the sockets between them hold.
  const label = `${canary('a')} ${'x'.repeat(100_000)}`
  for (let at = 0; at < 60; at += 1) expect(await tried.code(other, create({ label: `${label}${at}` }))).toBe('ok')
  await slow.mqtt.publishAsync(
    'spec/a09r/request',
    JSON.stringify({ id: 'less', type: 'connect', data: { token: 'a09r.b' } }),
    { qos: 0 },
  )
  await quiet(100)
  stream.resume()
  await until(() => slow.responses.some((reply) => (reply as { id: string }).id === 'less'))
  await until(() => told(slow).some(({ data }) => 'reason' in data && data.reason === 'rights'))
  const heard = told(slow).filter(({ change }) => change).length
  await tried.ask(other, create({ label }))
  await quiet(100)
  expect(heard).toBeLessThan(60)
  expect(told(slow).filter(({ change }) => change)).toHaveLength(heard)
  const last = told(slow).at(-1)
  expect(last?.data).toEqual({ reason: 'rights' })
})

test('fault A10: a row of another tenant takes as long to be not found as one that is not there', async () => {
  const a = await tried.connect('a10-a', 'a')
  const b = await tried.connect('a10-b', 'b')
  const foreign = idOf(await tried.ask(a, create({ label: canary('a') })))
  const timesOf: Record<'foreign' | 'absent', number[]> = { foreign: [], absent: [] }
  for (let round = 0; round < 200; round += 1) {
    // In turns, so that what slows the machine slows both.
    for (const [which, id] of [['foreign', foreign] as const, ['absent', 9_999_999] as const]) {
      const startedAt = performance.now()
      expect(await tried.code(b, { operation: 'read', entity: 'things', record_id: id })).toBe('not_found')
      timesOf[which].push(performance.now() - startedAt)
    }
  }
  // The chance that a foreign one takes longer than an absent one: a half, if nothing is to be learnt.
  const pairs = timesOf.foreign.flatMap((one) =>
    timesOf.absent.map((other) => (one > other ? 1 : one < other ? 0 : 0.5)),
  )
  const chance = pairs.reduce<number>((sum, value) => sum + value, 0) / pairs.length
  expect(Math.abs(chance - 0.5)).toBeLessThan(0.12)
}, 60_000)

test('fault A13: a search for a hidden value, character by character, learns nothing', async () => {
  const client = await tried.connect('a13', 'a')
  await tried.ask(client, create({ label: canary('a') }))
  const answers = new Set<string>()
  for (const prefix of ['h', 'hidden-a', 'z', '']) {
    for (const message of [
      where('secret', 'startswith', prefix),
      where('things.secret', 'gte', prefix),
      read({ sort: [{ column: 'secret' }], limit: 1 }),
      read({ cursor_forward: '1', sort: [{ column: 'secret' }] }),
      { operation: 'read', entity: 'owners', options: { preload: [{ relation: 'things', columns: ['secret'] }] } },
      {
        operation: 'create',
        entity: 'things',
        data: { label: 'x' },
        options: { on_conflict: { columns: ['secret'], do: 'nothing' } },
      },
      {
        operation: 'update',
        entity: 'things',
        record_id: 1,
        data: { label: 'x' },
        options: { if: { secret: prefix } },
      },
    ]) {
      const reply = await tried.ask(client, message)
      answers.add(`${reply.error?.code} ${reply.error?.message.includes('secret') && prefix === 'never'}`)
      expect(reply.success, JSON.stringify(message)).toBe(false)
    }
  }
  expect([...answers].map((answer) => answer.split(' ')[0]).every((code) => code?.startsWith('invalid_'))).toBe(true)
})

test('fault A14: whether events come tells nothing of a hidden column', async () => {
  const client = await tried.connect('a14', 'a')
  for (const column of ['secret', 'owner.pin', 'pin']) {
    const options = { filters: [{ column, operator: 'startswith', value: 'h' }] }
    expect(await tried.code(client, subscribe(options))).toBe('invalid_options')
    expect(await tried.code(client, subscribe({ columns: [column] }))).toBe('invalid_options')
  }
  expect(told(client)).toEqual([])
})

describe('fault A15: a row that moves', () => {
  test('out of a filter and back is leave and enter; one that was never seen is never told', async () => {
    const client = await tried.connect('a15', 'a')
    const other = await tried.connect('a15-b', 'b')
    await tried.ask(client, subscribe({ filters: [{ column: 'amount', operator: 'eq', value: 1 }] }))
    const id = idOf(await tried.ask(client, create({ label: canary('a'), amount: 1 })))
    const unseen = idOf(await tried.ask(other, create({ label: canary('b'), amount: 1 })))
    await tried.ask(other, { operation: 'update', entity: 'things', record_id: unseen, data: { amount: 2 } })
    await tried.ask(other, { operation: 'delete', entity: 'things', record_id: unseen })
    for (const amount of [2, 1])
      await tried.ask(client, { operation: 'update', entity: 'things', record_id: id, data: { amount } })
    await until(() => told(client).length >= 3)
    await quiet(50)
    expect(told(client).map(({ change }) => change)).toEqual(['enter', 'leave', 'enter'])
  })
})

test('fault A16: 50 subscribers with other columns each are told theirs alone', async () => {
  const writer = await tried.connect('a16', 'a')
  const COLUMNS = ['label', 'amount', 'price', 'ok', 'tags']
  const clients = await Promise.all(Array.from({ length: 50 }, (_, at) => tried.connect(`a16-${at}`, 'a')))
  for (const [at, client] of clients.entries())
    await tried.ask(client, subscribe({ columns: ['id', COLUMNS[at % COLUMNS.length]] }))
  await tried.ask(writer, create({ label: canary('a'), amount: 1, price: '2', ok: true, tags: ['t'] }))
  await until(() => clients.every((client) => told(client).length === 1))
  for (const [at, client] of clients.entries())
    expect(Object.keys(told(client)[0]?.data ?? {}).sort()).toEqual(['id', COLUMNS[at % COLUMNS.length]].sort())
})

test('fault A17: the subscription of another is not found, and goes on', async () => {
  const client = await tried.connect('a17', 'a')
  const thief = await tried.connect('a17-thief', 'a')
  const { data } = await tried.ask(client, subscribe())
  const { subscription_id } = data as { subscription_id: string }
  for (const id of [subscription_id, '1', 'x'.repeat(1_000), '__proto__'])
    expect(await tried.code(thief, { type: 'subscription', operation: 'unsubscribe', subscription_id: id })).toBe(
      'subscription_not_found',
    )
  await tried.ask(client, create({ label: canary('a') }))
  await until(() => told(client).length === 1)
})

test('fault A18: a value that another tenant has taken is a conflict that does not show it', async () => {
  const a = await tried.connect('a18-a', 'a')
  const b = await tried.connect('a18-b', 'b')
  await tried.ask(a, create({ label: canary('a'), code: 'taken' }))
  const { error } = await tried.ask(b, create({ label: 'x', code: 'taken' }))
  expect(error).toMatchObject({ code: 'conflict' })
  expect(JSON.stringify(error)).not.toContain('taken')
})
