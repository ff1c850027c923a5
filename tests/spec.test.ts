import { defineSpec } from '@mqttspec/server'
import {
  bigint,
  customType,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import { withServer } from './suites/with-server.ts'
import { quiet, until } from './until.ts'

/*
 * What SPEC.md promises on the wire, by topics and JSON alone. The invariants that it numbers name their tests here.
 */

const things = pgTable('things', {
  id: serial().primaryKey(),
  name: text().notNull().default('thing'),
  secret: text().notNull().default('canary'),
  rank: integer(),
  big: bigint({ mode: 'bigint' }),
  exact: numeric({ precision: 40, scale: 10 }),
  real: doublePrecision(),
  bytes: customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })(),
  moment: timestamp({ withTimezone: true, precision: 6 }),
  json: jsonb(),
})
const notes = pgTable('notes', { id: text().primaryKey(), rank: integer() })

const running = withServer(
  defineSpec({ schema: { things, notes } })
    .entity('things', { omit: ['secret'] })
    .entity('notes'),
)
const longId = (name: string) => `${name}-`.padEnd(21, '0')
const create = (id: string, data: unknown, entity = 'things') => ({
  id,
  type: 'request',
  operation: 'create',
  entity,
  data,
})
const read = (id: string, options: object, entity = 'things') => ({
  id,
  type: 'request',
  operation: 'read',
  entity,
  options,
})
const update = (id: string, key: unknown, data: object, entity = 'things') => ({
  id,
  type: 'request',
  operation: 'update',
  entity,
  record_id: key,
  data,
})

type Row = Record<string, unknown>
type Message = Row & { readonly id: string }
const ask = async (message: Message) => {
  const reply = await running.client.ask(message)
  expect(reply.id).toBe(message.id)
  return reply as { success: boolean; data: never; error?: Row; metadata?: Row }
}
const rowOf = async (message: Message): Promise<Row> => (await ask(message)).data
const told = () => running.client.notifications.map(({ payload }) => payload as Row)
const subscribe = async (id: string, entity = 'things', options: object = {}) =>
  (await ask({ id, type: 'subscription', operation: 'subscribe', entity, options })).data as Row

describe('replies', () => {
  test('every message gets exactly one reply, whatever is wrong with it', async () => {
    const messages = [
      ...['', '{', 'null', '[]', '1', '"x"', '['.repeat(1_000), '\u0000', '{"id":"a"}', '{"id":"b","type":"ping"}'],
      ...[{ type: 'ping' }, { id: 'c', type: 'request', operation: 'drop', entity: 'things' }],
      ...[create('d', { nothing: 1 }), create('e', 5), read('f', { limit: -1 }), read('g', {}, 'secrets')],
      ...[read('h', { filters: [{ column: 'name"; drop table things; --', operator: 'eq', value: 1 }] })],
    ]
    for (const message of messages) await running.client.send(message)
    await until(() => running.client.responses.length >= messages.length)
    await quiet(100)
    expect(running.client.responses).toHaveLength(messages.length)
    expect(await ask(read('i', { limit: 0 }))).toMatchObject({ success: true })
  })

  test('a message whose id cannot be read is answered with an empty id', async () => {
    expect(await running.client.ask('{')).toMatchObject({ id: '', error: { code: 'invalid_message' } })
    expect(await running.client.ask({ type: 'ping' })).toMatchObject({ id: '', type: 'pong' })
  })

  test('an error tells neither SQL nor values nor hidden columns', async () => {
    await ask(create('a', { id: 500, name: 'first' }))
    const reply = await ask(create('b', { id: 500, name: 'second' }))
    expect(reply).toMatchObject({ error: { code: 'conflict', details: { columns: ['id'] } } })
    expect(JSON.stringify(reply)).not.toMatch(/insert|duplicate|500|second|secret|canary/i)
  })

  test('timestamps are RFC 3339 in UTC', async () => {
    const { timestamp } = (await ask(read('a', { limit: 0 }))) as { timestamp?: string }
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/)
  })
})

describe('delivery', () => {
  test('a write that comes twice with one long id runs once, and each gets the same reply', async () => {
    const message = create(longId('twice'), { name: 'once' })
    const [first, second] = [await ask(message), await ask(message)]
    expect(second).toEqual(first)
    const found = await ask(read('found', { filters: [{ column: 'name', operator: 'eq', value: 'once' }] }))
    expect(found.metadata?.total).toBe(1)
  })

  test('the same long id with other content is invalid_message', async () => {
    await ask(create(longId('other'), { name: 'a' }))
    expect(await ask(create(longId('other'), { name: 'b' }))).toMatchObject({
      error: { code: 'invalid_message', details: { path: ['id'] } },
    })
  })

  test('the same short id with other content is a new request', async () => {
    const first = await rowOf(create('7', { name: 'a' }))
    const second = await rowOf(create('7', { name: 'b' }))
    expect(second.id).not.toBe(first.id)
  })

  test('a write that was refused is tried anew', async () => {
    const message = update(longId('refused'), 'later', { rank: 1 }, 'notes')
    expect(await ask(message)).toMatchObject({ error: { code: 'not_found' } })
    await ask(create('made', { id: 'later' }, 'notes'))
    expect(await ask(message)).toMatchObject({ success: true, data: { rank: 1 } })
  })

  test('the writer’s own notification comes after its reply', async () => {
    await subscribe('s')
    for (let index = 0; index < 20; index++) {
      const before = told().length
      const { arrived } = running.client
      await running.client.send(create(`own-${index}`, { rank: index }))
      await until(() => told().length > before)
      const reply = arrived.findIndex(({ payload }) => (payload as Row).id === `own-${index}`)
      const own = arrived.findIndex(
        ({ topic, payload }) => topic.includes('/notify/') && ((payload as Row).data as Row).rank === index,
      )
      expect(reply).toBeGreaterThanOrEqual(0)
      expect(reply).toBeLessThan(own)
    }
  })
})

describe('notifications', () => {
  test('of one row come in the order in which its writes were committed, numbered without a gap', async () => {
    await ask(create('hot', { id: 'hot', rank: 0 }, 'notes'))
    await subscribe('s', 'notes')
    const others = [await running.connect('bob'), await running.connect('carol')]
    const writes = Array.from({ length: 60 }, (_, index) => update(`hot-${index}`, 'hot', { rank: index + 1 }, 'notes'))
    await Promise.all(writes.map((message, index) => others[index % 2]?.send(message)))
    await until(() => told().length === writes.length)
    expect(told().map(({ seq }) => seq)).toEqual(writes.map((_, index) => index + 1))
    const last = (await ask({ ...read('last', {}, 'notes'), record_id: 'hot' })).data as Row
    expect(told().at(-1)).toMatchObject({ data: { rank: last.rank } })
  })

  test('a change that moves a row into or out of the filter is told as enter and leave', async () => {
    await subscribe('s', 'notes', { filters: [{ column: 'rank', operator: 'gte', value: 10 }] })
    await ask(create('m', { id: 'moving', rank: 1 }, 'notes'))
    for (const rank of [10, 11, 2]) await ask(update(`to-${rank}`, 'moving', { rank }, 'notes'))
    await until(() => told().length === 3)
    expect(told().map(({ operation, change, key }) => [operation, change, key])).toEqual([
      ['update', 'enter', 'moving'],
      ['update', 'update', 'moving'],
      ['update', 'leave', 'moving'],
    ])
    expect(told()[1]?.changed).toEqual(['rank'])
  })

  test('an update that changes no visible column is not told', async () => {
    await subscribe('s', 'notes', { columns: ['id'] })
    await ask(create('n', { id: 'quiet', rank: 1 }, 'notes'))
    await ask(update('n2', 'quiet', { rank: 2 }, 'notes'))
    await ask({ ...read('n3', {}, 'notes'), operation: 'delete', options: {}, record_id: 'quiet' })
    await until(() => told().length === 2)
    expect(told().map(({ operation }) => operation)).toEqual(['create', 'delete'])
    expect(told()[1]?.data).toEqual({ id: 'quiet' })
  })

  test('a subscribe that is sent again names the same subscription', async () => {
    const [first, second] = [await subscribe('same'), await subscribe('same')]
    expect(second).toEqual(first)
    await ask(create('x', {}))
    await until(() => told().length > 0)
    await quiet(50)
    expect(told()).toHaveLength(1)
  })

  test('what only Postgres can decide is refused when it is asked for', async () => {
    const refused = await ask({
      id: 'r',
      type: 'subscription',
      operation: 'subscribe',
      entity: 'things',
      options: { filters: [{ column: 'real', operator: 'like', value: '1%' }] },
    })
    expect(refused).toMatchObject({
      error: { code: 'invalid_options', details: { path: ['options', 'filters', 0, 'operator'] } },
    })
  })
})

describe('hidden columns', () => {
  const at = (column: string) => [
    read('a', { columns: [column] }),
    read('b', { omit_columns: [column] }),
    read('c', { filters: [{ column, operator: 'eq', value: 'canary' }] }),
    read('d', { filters: [{ not: { or: [{ column, operator: 'is_null' }] } }] }),
    read('e', { sort: [{ column }] }),
    create('f', { [column]: 'x' }),
    update('g', 1, { [column]: 'x' }),
    { id: 'h', type: 'subscription', operation: 'subscribe', entity: 'things', options: { columns: [column] } },
    {
      id: 'i',
      type: 'subscription',
      operation: 'subscribe',
      entity: 'things',
      options: { filters: [{ column, operator: 'eq', value: 'canary' }] },
    },
  ]

  test('cannot be told from columns that are not there', async () => {
    const errors = async (column: string) => {
      const replies = []
      for (const message of at(column)) replies.push((await ask(message)).error)
      return JSON.stringify(replies).replaceAll(column, 'COLUMN')
    }
    expect(await errors('secret')).toBe(await errors('nosuch'))
  })

  test('are in no reply and no notification', async () => {
    await subscribe('s', 'things', { previous: true })
    const { id } = await rowOf(create('a', { name: 'a' }))
    await ask(update('b', id, { name: 'b' }))
    await ask({ ...read('c', {}), operation: 'meta', options: {} })
    await ask(read('d', {}))
    await until(() => told().length === 2)
    expect(JSON.stringify(running.client.arrived)).not.toMatch(/secret|canary/)
  })
})

describe('values', () => {
  const exact = { big: '9007199254740993', exact: '12345678901234567890.0123456789' }

  test('every digit of bigint and numeric comes back, in replies and in notifications', async () => {
    await subscribe('s', 'things', { columns: ['big', 'exact'] })
    const { id } = await rowOf(create('a', exact))
    expect(await rowOf({ ...read('b', {}), record_id: id })).toMatchObject(exact)
    await until(() => told().length === 1)
    expect(told()[0]?.data).toEqual(exact)
  })

  test('integers may be sent as decimal strings, and beyond 2^53 must be', async () => {
    expect(await rowOf(create('a', { rank: '5', big: '5' }))).toMatchObject({ rank: 5, big: '5' })
    // JSON.parse would round the number on its way: it is refused, not stored as another.
    const message = '{"id":"b","type":"request","operation":"create","entity":"things","data":{"big":9007199254740993}}'
    expect(await running.client.ask(message)).toMatchObject({
      error: { code: 'invalid_data', details: { path: ['data', 'big'] } },
    })
  })

  test('bytes are base64, times are ISO 8601 with their microseconds in UTC, json is as it was', async () => {
    const json = { theme: 'dark', list: [1, null, { a: 'é' }] }
    const sent = { bytes: 'AP8Q', moment: '2026-01-31T13:00:00.123456+01:00', json, real: 0.1 }
    expect(await rowOf(create('a', sent))).toMatchObject({
      ...sent,
      moment: '2026-01-31T12:00:00.123456+00:00',
    })
  })

  test.each(['now', 'tomorrow', '2026-01-31 12:00 Europe/Vienna', '31.01.2026', 1_769_860_800_000, '2026-02-30'])(
    'a time that is sent as %s is refused',
    async (moment) => {
      expect(await ask(create('a', { moment }))).toMatchObject({
        error: { code: 'invalid_data', details: { path: ['data', 'moment'] } },
      })
    },
  )

  test('a column list that is empty gives rows without columns', async () => {
    await ask(create('a', {}))
    expect(await rowOf(read('b', { columns: [], limit: 1 }))).toEqual([{}])
  })
})

describe('pages', () => {
  test('by cursor lose no row among ties, in either direction', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => ({ name: 'paged', rank: index % 3 }))
    await ask(create('a', rows))
    const filters = [{ column: 'name', operator: 'eq', value: 'paged' }]
    const options = { filters, sort: [{ column: 'rank', direction: 'desc' }], columns: ['id'], limit: 5 }
    const all = ((await ask(read('all', { ...options, limit: 100 }))).data as Row[]).map(({ id }) => id)
    const forward: unknown[] = []
    let cursor: unknown
    let last: unknown
    do {
      const page = await ask(read('page', { ...options, ...(cursor !== undefined && { cursor_forward: cursor }) }))
      forward.push(...(page.data as Row[]).map(({ id }) => id))
      expect(page.metadata?.total).toBe(12)
      last = page.metadata?.previous
      cursor = page.metadata?.next
    } while (cursor !== undefined)
    expect(forward).toEqual(all)
    const before = await ask(read('before', { ...options, cursor_backward: last }))
    expect((before.data as Row[]).map(({ id }) => id)).toEqual(all.slice(5, 10))
  })

  test('an opaque cursor outlives its row, a plain key does not', async () => {
    for (const id of ['p1', 'p2', 'p3']) await ask(create(`c-${id}`, { id, rank: 999 }, 'notes'))
    const options = { filters: [{ column: 'rank', operator: 'eq', value: 999 }], limit: 1 }
    const first = await ask(read('first', options, 'notes'))
    await ask({ id: 'gone', type: 'request', operation: 'delete', entity: 'notes', record_id: 'p1' })
    const next = await ask(read('next', { ...options, cursor_forward: first.metadata?.next }, 'notes'))
    expect(next.data).toEqual([{ id: 'p2', rank: 999 }])
    expect(await ask(read('key', { ...options, cursor_forward: 'p1' }, 'notes'))).toMatchObject({
      error: { code: 'cursor_error' },
    })
  })

  test('a limit over the maximum is lowered and reported', async () => {
    expect((await ask(read('a', { limit: 5_000 }))).metadata?.limit).toBe(1_000)
  })
})

test('filters that say OR join the one before them, and groups are ANDed', async () => {
  const rows = [
    ['a', 1],
    ['a', 2],
    ['b', 1],
    ['c', 1],
  ].map(([id, rank]) => ({ name: `or-${id}`, rank }))
  await ask(create('rows', rows))
  const filter = (column: string, value: unknown, or = false) => ({
    column,
    operator: '=',
    value,
    ...(or && { logic_operator: 'or' }),
  })
  const filters = [filter('name', 'or-a'), filter('name', 'or-b', true), filter('rank', 1)]
  const found = await ask(read('found', { filters, columns: ['name', 'rank'] }))
  expect(found.data).toEqual([
    { name: 'or-a', rank: 1 },
    { name: 'or-b', rank: 1 },
  ])
})
