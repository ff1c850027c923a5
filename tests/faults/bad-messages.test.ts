import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { create, read, where } from './messages.ts'
import { canary, codeOf, trial } from './trial.ts'
import { timed, within } from './within.ts'

const tried = trial()

const json = JSON.stringify

describe('fault F01: what is no message', () => {
  test.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a string', '"x"'],
    ['a number', '1'],
    ['half an object', '{'],
    ['a byte order mark', `\ufeff${json({ id: 'b', type: 'ping' })}`],
    ['UTF-16', Buffer.from(json({ id: 'b', type: 'ping' }), 'utf16le')],
    ['gzip', gzipSync(json({ id: 'b', type: 'ping' }))],
    ['1,000 bytes of 0xFF', Buffer.alloc(1_000, 0xff)],
    ['two objects', '{"id":"a","type":"ping"}{"id":"b","type":"ping"}'],
    ['NaN', '{"id":"a","type":"ping","x":NaN}'],
  ])('%s is answered with invalid_message', async (_what, payload) => {
    const client = await tried.connect('f01', 'a')
    expect(await codeOf(client, payload)).toBe('invalid_message')
  })

  test('the id is given back when it can be read', async () => {
    const client = await tried.connect('f01', 'a')
    expect(await client.ask({ id: 'mine', type: 'nonsense' })).toMatchObject({
      id: 'mine',
      error: { code: 'invalid_message_type' },
    })
  })
})

describe('fault F02 and F05: deep and wide messages', () => {
  const deep = '{"id":"d","type":"request","operation":"read","entity":"things","options":'
  test.each([
    ['brackets', '['.repeat(250_000)],
    ['objects inside options', `${deep}${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`.slice(0, 260_000)],
    [
      'many distinct keys',
      `{"id":"w","type":"ping",${Array.from({ length: 20_000 }, (_, at) => `"k${at}":1`).join()}}`,
    ],
  ])('%s are refused in less than 50 ms', async (_what, payload) => {
    const client = await tried.connect('f02', 'a')
    await codeOf(client, '{')
    await within(50, () => timed(async () => expect(await codeOf(client, payload)).toBe('invalid_message')))
  })
})

describe('fault F06: names that objects inherit', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'constructor.prototype', 'hasOwnProperty', 'then']
  test.each(NAMES)('%s is no entity, column, relation, operator or option, and changes nothing', async (name) => {
    const client = await tried.connect('f06', 'a')
    const codes = {
      entity: await tried.code(client, { operation: 'read', entity: name }),
      schema: await tried.code(client, read({}, { schema: name })),
      filter: await tried.code(client, where(name, 'eq', 'x')),
      operator: await tried.code(client, where('label', name, 'x')),
      columns: await tried.code(client, read({ columns: [name] })),
      sort: await tried.code(client, read({ sort: [{ column: name }] })),
      relation: await tried.code(client, read({ preload: [{ relation: name }] })),
      expression: await tried.code(client, read({ customOperators: [{ name }] })),
      computed: await tried.code(client, read({ computedColumns: [{ name }] })),
      subscription: await tried.code(client, {
        type: 'subscription',
        operation: 'unsubscribe',
        subscription_id: name,
      }),
    }
    expect(codes).toEqual({
      entity: 'model_not_found',
      schema: 'model_not_found',
      filter: 'invalid_options',
      operator: 'invalid_options',
      columns: 'invalid_options',
      sort: 'invalid_options',
      relation: 'invalid_preload',
      expression: 'invalid_options',
      computed: 'invalid_options',
      subscription: 'subscription_not_found',
    })
    // As JSON text: an object literal would set the prototype instead of a key.
    const data = `{"id":"p-${name}","type":"request","operation":"create","entity":"things","data":{"label":"x","${name}":{"polluted":1}}}`
    // zod leaves a key of this name out before anything else looks: it is never stored.
    expect(await codeOf(client, data)).toBe('invalid_data')
    const options = `{"id":"o-${name}","type":"request","operation":"read","entity":"things","options":{"${name}":{"polluted":1}}}`
    expect(await codeOf(client, options)).toBe('invalid_options')
    expect((await tried.ask(client, { id: name, type: 'request', ...read() })).id).toBe(name)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test.each(['__proto__', 'constructor', 'toString'])('a client may be called %s', async (name) => {
    const client = await tried.connect(name, 'a')
    expect(await tried.code(client, create({ label: canary('a') }))).toBe('ok')
    expect(await tried.code(client, { type: 'subscription', operation: 'subscribe', entity: 'things' })).toBe('ok')
  })
})

test('fault F07: of a key that comes twice the last one counts, for the rules and for what is done', async () => {
  const client = await tried.connect('f07', 'a')
  const { data } = await tried.ask(client, create({ label: canary('a') }))
  const { id } = data as { id: number }
  const twice = `{"id":"t","type":"request","entity":"things","record_id":${id},"operation":"delete","operation":"read"}`
  expect(await codeOf(client, twice)).toBe('ok')
  expect(await tried.code(client, read({}, { record_id: id }))).toBe('ok')
})

describe('fault F08: unknown keys', () => {
  test.each([
    ['options', read({ where: {} }), ['options', 'where']],
    ['a filter', read({ filters: [{ column: 'id', operator: 'eq', value: 1, raw: 'x' }] }), ['options', 'filters', 0]],
    ['a sort', read({ sort: [{ column: 'id', raw: 'x' }] }), ['options', 'sort', 0]],
    ['a preload', read({ preload: [{ relation: 'owner', where: 'x' }] }), ['options', 'preload', 0]],
    ['a group', read({ filters: [{ and: [], raw: 1 }] }), ['options', 'filters', 0]],
    ['data', create({ label: 'x', $set: {} }), ['data', '$set']],
  ])('of %s are refused with their path', async (_where, message, path) => {
    const client = await tried.connect('f08', 'a')
    const { error } = await tried.ask(client, message)
    expect(error?.code).toMatch(/^invalid_(options|data|preload)$/)
    const told = error?.details?.path as readonly unknown[]
    expect(told.slice(0, path.length)).toEqual(path)
  })
})

describe('fault F18: request ids', () => {
  test.each([
    ['missing', undefined],
    ['a number', 0],
    ['an object', { a: 1 }],
    ['empty', ''],
    ['10 KiB', 'x'.repeat(10_240)],
    ['129 bytes', 'x'.repeat(129)],
  ])('%s is invalid_message', async (_what, id) => {
    const client = await tried.connect('f18', 'a')
    expect(await codeOf(client, json({ type: 'request', ...read(), id }))).toBe('invalid_message')
  })

  test('the same long id with another body is refused, and stores nothing', async () => {
    const client = await tried.connect('f18', 'a')
    const id = `an-id-that-is-long-${Date.now()}`
    expect(await tried.code(client, { ...create({ label: 'first', code: 'f18' }), id })).toBe('ok')
    expect(await tried.code(client, { ...create({ label: 'other', code: 'f18-b' }), id })).toBe('invalid_message')
    expect((await tried.ask(client, where('code', 'eq', 'f18-b'))).data).toEqual([])
  })
})
