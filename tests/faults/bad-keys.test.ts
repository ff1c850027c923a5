import { defineSpec } from '@mqttspec/server'
import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { asking } from '../suites/ask.ts'
import { withServer } from '../suites/with-server.ts'
import { codeOf } from './trial.ts'

const meters = pgTable('meters', { id: bigint({ mode: 'bigint' }).primaryKey(), label: text() })
const members = pgTable('members', { org: text().notNull(), no: integer().notNull(), role: text() }, (table) => [
  primaryKey({ columns: [table.org, table.no] }),
])

const running = withServer(defineSpec({ schema: { meters, members } }).entity('meters').entity('members'))
const { request, data } = asking(running)

const failed = async (message: object) => (await request(message)).error

beforeAll(async () => {
  const client = await running.connect('setup')
  const rows = {
    meters: [
      { id: '9007199254740992', label: 'even' },
      { id: '9007199254740993', label: 'odd' },
    ],
    members: [
      { org: 'a', no: 1, role: 'first' },
      { org: 'a', no: 2, role: 'second' },
    ],
  }
  for (const [entity, data] of Object.entries(rows)) {
    await client.ask({ id: entity, type: 'request', operation: 'create', entity, data })
  }
})

describe('fault F10: a key that is a number beyond 2^53', () => {
  test.each(['read', 'delete'])('is no key of %s, since JSON has made it another row’s', async (operation) => {
    for (const key of ['"record_id":9007199254740993', '"data":{"id":9007199254740993}']) {
      const payload = `{"id":"${operation}${key.length}","type":"request","operation":"${operation}","entity":"meters",${key}}`
      expect(await codeOf(running.client, payload)).toBe('invalid_data')
    }
    expect(await data({ operation: 'read', entity: 'meters' })).toHaveLength(2)
  })

  test('is no edge of a page', async () => {
    const payload =
      '{"id":"page","type":"request","operation":"read","entity":"meters","options":{"cursor_forward":9007199254740993}}'
    expect(await codeOf(running.client, payload)).toBe('cursor_error')
  })

  test('as text it is exact', async () => {
    expect(await data({ operation: 'read', entity: 'meters', record_id: '9007199254740993' })).toMatchObject({
      label: 'odd',
    })
  })
})

describe('a key that is there twice', () => {
  test('is one key: a part of it that is another is refused, not left aside', async () => {
    const key = { org: 'a', no: 1 }
    for (const extra of [{ org: 'b' }, { no: 2 }, { org: 'a', no: 2 }]) {
      const named = { entity: 'members', record_id: key, data: { ...extra, role: 'x' } }
      expect(await failed({ operation: 'update', ...named })).toMatchObject({ code: 'invalid_data' })
      expect(await failed({ operation: 'delete', ...named, data: extra })).toMatchObject({ code: 'invalid_data' })
    }
    const same = { operation: 'update', entity: 'members', record_id: key, data: { org: 'a', role: 'one' } }
    expect(await data(same)).toMatchObject({ org: 'a', no: 1, role: 'one' })
  })

  test('names beside a key in the data of a read are refused', async () => {
    for (const message of [
      { record_id: { org: 'a', no: 1 }, data: { role: 'x' } },
      { record_id: { org: 'a', no: 1 }, data: { nope: 1 } },
      { data: { org: 'a', no: 1, role: 'x' } },
    ]) {
      const name = Object.keys(message.data).at(-1)
      expect(await failed({ operation: 'read', entity: 'members', ...message })).toMatchObject({
        code: 'invalid_data',
        details: { path: ['data', name] },
      })
    }
  })
})

describe('one row that is asked for', () => {
  test.each([
    ['cursor_forward', { org: 'a', no: 1 }],
    ['cursor_backward', '~none'],
  ])('has no %s', async (option, cursor) => {
    const one = { operation: 'read', entity: 'members', options: { [option]: cursor } }
    const wrong = { code: 'cursor_error', details: { path: ['options', option] } }
    const key = { org: 'a', no: 2 }
    expect(await failed({ ...one, record_id: key })).toMatchObject(wrong)
    expect(await failed({ ...one, options: { ...one.options, fetch_row_number: key } })).toMatchObject(wrong)
  })

  test('by fetch_row_number is the one of record_id', async () => {
    const ranked = (no: number) => ({
      operation: 'read',
      entity: 'members',
      record_id: { org: 'a', no: 2 },
      options: { fetch_row_number: { org: 'a', no } },
    })
    expect(await data(ranked(2))).toMatchObject({ no: 2 })
    expect(await failed(ranked(1))).toMatchObject({
      code: 'invalid_options',
      details: { path: ['options', 'fetch_row_number'] },
    })
  })

  test.each([
    ['of one part', 'a', []],
    ['with a part too many', { org: 'a', no: 1, x: 1 }, ['x']],
    ['with a value that its column cannot hold', { org: 'a', no: 'x' }, ['no']],
  ])('fetch_row_number %s is invalid_options, and says where', async (_, key, path) => {
    expect(await failed({ operation: 'read', entity: 'members', options: { fetch_row_number: key } })).toMatchObject({
      code: 'invalid_options',
      details: { path: ['options', 'fetch_row_number', ...path] },
    })
  })

  test('a cursor that cannot be read says which option it is', async () => {
    expect(await failed({ operation: 'read', entity: 'members', options: { cursor_backward: '~x' } })).toMatchObject({
      code: 'cursor_error',
      details: { path: ['options', 'cursor_backward'] },
    })
  })
})
