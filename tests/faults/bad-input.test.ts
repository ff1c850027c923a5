import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { WireClient } from '../wire-client.ts'
import { canary, trial } from './trial.ts'

const tried = trial()
const read = (options: object = {}, more: object = {}) => ({ operation: 'read', entity: 'things', options, ...more })
const create = (data: unknown) => ({ operation: 'create', entity: 'things', data })
const where = (column: unknown, operator: unknown, value: unknown) => read({ filters: [{ column, operator, value }] })

/** Sends bytes as they are and resolves with the code of the one reply. */
async function codeOf(client: WireClient, payload: Buffer | string): Promise<string> {
  const before = client.responses.length
  const startedAt = performance.now()
  await client.mqtt.publishAsync(`spec/${client.clientId}/request`, payload, { qos: 1 })
  while (client.responses.length === before) {
    if (performance.now() - startedAt > 5_000) throw new Error('no reply')
    await new Promise(setImmediate)
  }
  return (client.responses[before] as { error?: { code: string } }).error?.code ?? 'ok'
}

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
    const startedAt = performance.now()
    expect(await codeOf(client, payload)).toBe('invalid_message')
    expect(performance.now() - startedAt).toBeLessThan(50 * SLACK)
  })
})

/** How much longer something may take than on a machine that does nothing else. */
const SLACK = 4

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
    expect(await codeOf(client, data)).toBe(name === '__proto__' ? 'ok' : 'invalid_data')
    const options = `{"id":"o-${name}","type":"request","operation":"read","entity":"things","options":{"${name}":{"polluted":1}}}`
    expect(await codeOf(client, options)).toBe(name === '__proto__' ? 'ok' : 'invalid_options')
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
    expect((error?.details?.path as unknown[]).slice(0, path.length)).toEqual(path)
  })
})

const COLUMNS = ['id', 'label', 'amount', 'big', 'price', 'ratio', 'at', 'day', 'ok', 'facts', 'tags', 'facts.a.b']
const OPERATORS =
  'eq neq gt gte lt lte like ilike in not_in contains startswith endswith between between_inclusive is_null is_not_null'
const VALUES = [
  {},
  [],
  [[]],
  [[[1]]],
  true,
  'NaN',
  '-Infinity',
  1e308,
  -0,
  1.5,
  -1,
  '',
  ' ',
  '\\',
  'x'.repeat(300),
  { $gt: 0 },
  [1, 'a'],
  [{}, {}],
  '0x10',
  '1e5',
  '2024-02-30',
]

describe('fault F09: every operator with every wrong value', () => {
  test.each(OPERATORS.split(' '))(
    '%s is answered by rows or invalid_options, never by a bug',
    async (operator) => {
      const client = await tried.connect('f09', 'a')
      const odd: unknown[] = []
      for (const column of COLUMNS) {
        for (const value of VALUES) {
          const reply = await tried.ask(client, where(column, operator, value))
          if (!reply.success && reply.error?.code !== 'invalid_options') odd.push([column, value, reply.error])
        }
      }
      expect(odd).toEqual([])
    },
    60_000,
  )

  test('1e400, which JSON reads as infinite, is refused where it is no number of the column', async () => {
    const client = await tried.connect('f09', 'a')
    const message = (column: string) =>
      `{"id":"i-${column}","type":"request","operation":"read","entity":"things","options":{"filters":[{"column":"${column}","operator":"eq","value":1e400}]}}`
    for (const column of ['amount', 'big', 'price', 'ok', 'day'])
      expect(await codeOf(client, message(column))).toBe('invalid_options')
  })
})

describe('fault F10: keys that are none', () => {
  test.each([
    ['9007199254740993', 'invalid_data'],
    ['"9007199254740993"', 'invalid_data'],
    ['1.5', 'invalid_data'],
    ['"1 or 1=1"', 'invalid_data'],
    ['[1]', 'invalid_data'],
    ['{"$gt":0}', 'invalid_data'],
    ['""', 'invalid_data'],
    ['true', 'invalid_data'],
    ['-1', 'not_found'],
    ['2147483647', 'not_found'],
  ])('%s is %s', async (key, code) => {
    const client = await tried.connect('f10', 'a')
    for (const operation of ['read', 'delete']) {
      const payload = `{"id":"k-${operation}-${Buffer.from(key).toString('hex')}","type":"request","operation":"${operation}","entity":"things","record_id":${key}}`
      expect(await codeOf(client, payload), operation).toBe(code)
    }
  })

  test('a bigint is exact as a string, and refused as a number that is not', async () => {
    const client = await tried.connect('f10', 'a')
    const { data } = await tried.ask(client, create({ label: 'x', big: '9007199254740993' }))
    expect(data).toMatchObject({ big: '9007199254740993' })
    expect((await tried.ask(client, where('big', 'eq', '9007199254740993'))).data).toHaveLength(1)
    const unsafe =
      '{"id":"u","type":"request","operation":"create","entity":"things","data":{"label":"x","big":9007199254740993}}'
    expect(await codeOf(client, unsafe)).toBe('invalid_data')
  })
})

describe('fault F11: text', () => {
  test.each([
    ['U+FFFF', '\uffff'],
    ['right to left', '\u202eabc'],
    ['emoji of four bytes', '🐎👩‍👩‍👧'],
    ['64 KiB', 'ž'.repeat(32_768)],
    ['what looks like SQL', `'; drop table things; --`],
    ['control characters', '\u0001\b\u001f\u007f'],
  ])('%s comes back as it was sent, from text and JSON', async (_what, label) => {
    const client = await tried.connect('f11', 'a')
    const { data } = await tried.ask(client, create({ label, facts: { [label.slice(0, 20)]: label } }))
    expect(data).toMatchObject({ label, facts: { [label.slice(0, 20)]: label } })
    const found = await tried.ask(client, where('label', 'eq', label))
    expect((found.data as { label: string }[]).at(-1)?.label).toBe(label)
  })

  test.each([
    ['NUL', 'a\\u0000b'],
    ['half a surrogate pair', 'a\\ud800b'],
  ])('%s is refused wherever it stands', async (_what, text) => {
    const client = await tried.connect('f11', 'a')
    const message = (id: string, rest: string) => `{"id":"${id}","type":"request","entity":"things",${rest}}`
    expect(await codeOf(client, message('n1', `"operation":"create","data":{"label":"${text}"}`))).toBe('invalid_data')
    expect(
      await codeOf(client, message('n2', `"operation":"create","data":{"label":"x","facts":{"a":["${text}"]}}`)),
    ).toBe('invalid_data')
    for (const operator of ['eq', 'contains', 'like']) {
      const filters = `[{"column":"label","operator":"${operator}","value":"${text}"}]`
      expect(
        await codeOf(client, message(`n-${operator}`, `"operation":"read","options":{"filters":${filters}}`)),
      ).toBe('invalid_options')
    }
  })
})

describe('fault F12: names that are SQL', () => {
  test.each([
    'label"; drop table things; --',
    'label desc, (select secret from things)',
    'owners.pin',
    'things.label',
    'a"b',
    'ⅼabel',
    'LABEL',
    'label ',
    '*',
    'x'.repeat(10_000),
  ])('%.40s is no column anywhere', async (column) => {
    const client = await tried.connect('f12', 'a')
    for (const message of [
      where(column, 'eq', 'x'),
      read({ columns: [column] }),
      read({ omit_columns: [column] }),
      read({ sort: [{ column }] }),
      read({ aggregate: { fields: { n: { fn: 'max', column } } } }),
      read({ aggregate: { fields: { n: { fn: 'count' } }, group_by: [column] } }),
    ]) {
      expect(await tried.code(client, message)).toBe('invalid_options')
    }
    expect(await tried.code(client, read({ preload: [{ relation: column }] }))).toBe('invalid_preload')
    expect(await tried.code(client, read({ sort: [{ column: 'id', direction: 'asc; drop table things' }] }))).toBe(
      'invalid_options',
    )
    expect(await tried.code(client, read())).toBe('ok')
  })

  test('an alias of a figure is only a name', async () => {
    const client = await tried.connect('f12', 'a')
    const alias = `n" from things; drop table things; --`
    const reply = await tried.ask(client, read({ aggregate: { fields: { [alias]: { fn: 'count' } } } }))
    if (reply.success) expect(Object.keys((reply.data as object[])[0] ?? {})).toEqual([alias])
    else expect(reply.error?.code).toBe('invalid_options')
    expect(await tried.code(client, read())).toBe('ok')
  })
})

describe('fault F13: pages', () => {
  test.each([
    [{ limit: -1 }],
    [{ limit: '5' }],
    [{ limit: '1;drop' }],
    [{ limit: 1.5 }],
    [{ limit: 1e300 }],
    [{ offset: -1 }],
    [{ offset: 1e12 }],
    [{ offset: '0' }],
    [{ limit: [] }],
  ])('%o is refused', async (page) => {
    const client = await tried.connect('f13', 'a')
    expect(await tried.code(client, read(page))).toBe('invalid_options')
  })

  test('0 is metadata alone, and a large limit is lowered and says so', async () => {
    const client = await tried.connect('f13', 'a')
    await tried.ask(client, create(Array.from({ length: 1_000 }, (_, at) => ({ label: `many-${at}` }))))
    await tried.ask(client, create({ label: 'one more' }))
    expect((await tried.ask(client, read({ limit: 0 }))).data).toEqual([])
    const all = await tried.ask(client, read({ limit: 1_000_000_000, columns: ['id'] }))
    expect(all.data).toHaveLength(1_000)
    expect(all.metadata).toMatchObject({ limit: 1_000 })
  })
})

describe('fault F14: lists', () => {
  test.each([
    [0, 'ok'],
    [1, 'ok'],
    [1_000, 'ok'],
    [1_001, 'invalid_options'],
  ])('of %i values are %s', async (length, code) => {
    const client = await tried.connect('f14', 'a')
    const ids = Array.from({ length }, (_, at) => at + 1_000_000)
    expect(await tried.code(client, where('id', 'in', ids))).toBe(code)
    if (code === 'ok') expect((await tried.ask(client, where('id', 'in', ids))).data).toEqual([])
  })

  test('of 70,000 values are more than one message may hold', async () => {
    const client = await tried.connect('f14', 'a')
    const ids = Array.from({ length: 35_000 }, (_, at) => at)
    expect(await tried.code(client, where('id', 'in', ids))).toBe('invalid_message')
    expect(await tried.code(client, where('id', 'in', [1, 'a', true]))).toBe('invalid_options')
  })
})

describe('fault F15: filters that are too large', () => {
  const leaf = { column: 'id', operator: 'eq', value: 1 }
  const nested = (depth: number): object => (depth === 1 ? leaf : { and: [nested(depth - 1)] })
  test.each([
    ['depth 5', [nested(5)], 'ok'],
    ['depth 6', [nested(6)], 'invalid_options'],
    ['50 conditions', Array.from({ length: 50 }, () => leaf), 'ok'],
    ['51 conditions', Array.from({ length: 51 }, () => leaf), 'invalid_options'],
    ['51 groups without conditions', Array.from({ length: 51 }, () => ({ or: [] })), 'invalid_options'],
    ['1,200 conditions', Array.from({ length: 1_200 }, () => leaf), 'invalid_options'],
    ['6,000 conditions', Array.from({ length: 3_000 }, () => leaf), 'invalid_message'],
  ])('%s: %s', async (_what, filters, code) => {
    const client = await tried.connect('f15', 'a')
    expect(await tried.code(client, read({ filters }))).toBe(code)
    const subscribe = { type: 'subscription', operation: 'subscribe', entity: 'things', options: { filters } }
    expect(await tried.code(client, subscribe)).toBe(code)
  })
})

test('fault F16: a pattern that backtracks is answered at once, in a read and in a subscription', async () => {
  const client = await tried.connect('f16', 'a')
  const value = `${'%a'.repeat(20)}%b`
  const filters = ['like', 'ilike'].map((operator) => ({ column: 'label', operator, value, logic_operator: 'OR' }))
  expect(
    await tried.code(client, { type: 'subscription', operation: 'subscribe', entity: 'things', options: { filters } }),
  ).toBe('ok')
  let worstMs = 0
  let last = performance.now()
  const timer = setInterval(() => {
    worstMs = Math.max(worstMs, performance.now() - last - 5)
    last = performance.now()
  }, 5)
  try {
    expect(await tried.code(client, create({ label: 'a'.repeat(30_000) }))).toBe('ok')
    const startedAt = performance.now()
    expect(await tried.code(client, read({ filters, columns: ['id'] }))).toBe('ok')
    expect(performance.now() - startedAt).toBeLessThan(100 * SLACK)
  } finally {
    clearInterval(timer)
  }
  expect(worstMs).toBeLessThan(50 * SLACK)
})

describe('fault F17: times and numbers at their edges', () => {
  test.each([
    ['at', 'infinity'],
    ['at', '0000-00-00'],
    ['at', 1_700_000_000_000],
    ['at', '2024-01-01T00:00:00 Europe/Prague'],
    ['at', '294277-01-01T00:00:00Z'],
    ['at', 'now'],
    ['at', 'epoch'],
    ['day', '2023-02-29'],
    ['day', 'tomorrow'],
    ['amount', 2_147_483_648],
    ['amount', '1e3'],
    ['big', '9223372036854775808'],
    ['price', '1e400000'],
    ['price', 'NaN x'],
    ['ok', 'yes'],
    ['ok', 1],
    ['label', 5],
    ['tags', ['a', 1]],
    ['tags', 'a'],
  ])('%s: %s is stored as it is or refused as invalid_data', async (column, value) => {
    const client = await tried.connect('f17', 'a')
    const reply = await tried.ask(client, create({ label: 'x', [column]: value }))
    if (!reply.success)
      return expect(reply.error).toMatchObject({ code: 'invalid_data', details: { path: ['data', column] } })
    const stored = (reply.data as Record<string, unknown>)[column]
    const again = await tried.ask(client, create({ label: 'y', [column]: stored }))
    expect((again.data as Record<string, unknown>)[column]).toEqual(stored)
  })

  test.each([
    ['price', '0.0000000000000000000000000000000000000001'],
    ['at', '2024-02-29T23:59:59.123456+00:00'],
    ['day', '0001-01-01'],
    ['day', '9999-12-31'],
    ['big', '-9223372036854775808'],
    ['ratio', 5e-324],
    ['ratio', 1.7976931348623157e308],
  ])('%s: %s comes back as it was', async (column, value) => {
    const client = await tried.connect('f17', 'a')
    expect((await tried.ask(client, create({ label: 'x', [column]: value }))).data).toMatchObject({ [column]: value })
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
