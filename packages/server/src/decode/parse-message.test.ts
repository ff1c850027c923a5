import { DEFAULT_LIMITS } from '@mqttspec/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMessage } from './parse-message.ts'

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const parse = (value: unknown) => parseMessage(bytes(value), DEFAULT_LIMITS)
const failure = (value: unknown) => {
  const parsed = parse(value)
  if (!('error' in parsed)) throw new Error('it was taken')
  return { id: parsed.id, code: parsed.error.code, path: parsed.error.details?.path }
}
const read = { id: 'r', type: 'request', operation: 'read', entity: 'users' }

test('a read is taken as it is', () => {
  expect(parse(read)).toEqual({ id: 'r', message: read })
})

test('unknown fields beside those of the protocol are ignored, null ones are as left out', () => {
  expect(parse({ ...read, x: 1, options: null, schema: null })).toEqual({ id: 'r', message: read })
})

test.each<[string, unknown, string, string]>([
  ['no JSON', '{', 'invalid_message', ''],
  ['nothing', '', 'invalid_message', ''],
  ['null', 'null', 'invalid_message', ''],
  ['a list', '[]', 'invalid_message', ''],
  ['no type', { id: 'x' }, 'invalid_message', 'x'],
  ['a type of the server', { id: 'x', type: 'pong' }, 'invalid_message_type', 'x'],
  ['no id', { ...read, id: undefined }, 'invalid_message', ''],
  ['an empty id', { ...read, id: '' }, 'invalid_message', ''],
  ['a number as id', { ...read, id: 5 }, 'invalid_message', ''],
  ['an id of 10 KiB', { ...read, id: 'x'.repeat(10_240) }, 'invalid_message', ''],
  ['an id of 100 characters and 200 bytes', { ...read, id: 'é'.repeat(100) }, 'invalid_message', ''],
  ['an id with NUL', { ...read, id: 'a\0' }, 'invalid_message', 'a\0'],
  ['an unknown operation', { ...read, operation: 'upsert' }, 'invalid_operation', 'r'],
  ['an operation from an object’s prototype', { ...read, operation: 'constructor' }, 'invalid_operation', 'r'],
  ['no operation', { ...read, operation: undefined }, 'invalid_message', 'r'],
  ['no entity', { ...read, entity: undefined }, 'invalid_message', 'r'],
  [
    'an unknown subscription operation',
    { id: 'x', type: 'subscription', operation: 'read' },
    'invalid_subscription_operation',
    'x',
  ],
  ['another version', { ...read, v: 2 }, 'invalid_message', 'r'],
  ['options that are a list', { ...read, options: [] }, 'invalid_options', 'r'],
  ['a create without data', { ...read, operation: 'create' }, 'invalid_data', 'r'],
  ['a limit of -1', { ...read, options: { limit: -1 } }, 'invalid_options', 'r'],
  ['a limit of "ten"', { ...read, options: { limit: 'ten' } }, 'invalid_options', 'r'],
  ['a limit of 1.5', { ...read, options: { limit: 1.5 } }, 'invalid_options', 'r'],
  [
    'raw SQL in a preload',
    { ...read, options: { preload: [{ relation: 'posts', where: '1=1' }] } },
    'invalid_preload',
    'r',
  ],
  [
    'SQL as a custom operator',
    { ...read, options: { customOperators: [{ name: 'x', sql: '1' }] } },
    'invalid_options',
    'r',
  ],
])('%s is refused with its code and the id that could be read', (_, message, code, id) => {
  expect(failure(message)).toMatchObject({ code, id })
})

test('an id of 64 characters and 128 bytes is taken', () => {
  expect(parse({ ...read, id: 'é'.repeat(64) })).toMatchObject({ message: { id: 'é'.repeat(64) } })
})

test.each([
  ['no text', { subscription_id: 5 }],
  ['null', { subscription_id: null }],
  ['in no object', 'x'],
])('an unsubscribe whose data names its subscription by %s is invalid_subscription', (_, data) => {
  expect(failure({ id: 'u', type: 'subscription', operation: 'unsubscribe', data })).toMatchObject({
    id: 'u',
    code: 'invalid_subscription',
  })
})

test.each([
  ['subscribe', { id: 's', type: 'subscription', operation: 'subscribe', entity: 'users' }, 'preload'],
  ['subscribe', { id: 's', type: 'subscription', operation: 'subscribe', entity: 'users' }, 'cursor_forward'],
  ['update', { ...read, operation: 'update', record_id: 1, data: {} }, 'preload'],
  ['meta', { ...read, operation: 'meta' }, 'cursor_backward'],
])('an option that %s does not have is invalid_options, whichever it is', (_, message, option) => {
  expect(failure({ ...message, options: { [option]: [] } })).toMatchObject({
    code: 'invalid_options',
    path: ['options', option],
  })
})

test.each([
  ['options', '"options":{"__proto__":1}', ['options', '__proto__']],
  ['if', '"operation":"update","data":{},"options":{"if":{"__proto__":1}}', ['options', 'if', '__proto__']],
  ['a filter', '"options":{"filters":[{"not":{"__proto__":1}}]}', ['options', 'filters', 0, 'not', '__proto__']],
  [
    'figures',
    '"options":{"aggregate":{"fields":{"__proto__":{"fn":"count"}}}}',
    ['options', 'aggregate', 'fields', '__proto__'],
  ],
  ['a key', '"record_id":{"id":1,"__proto__":1}', ['record_id', '__proto__']],
  ['a row', '"operation":"create","data":{"__proto__":1}', ['data', '__proto__']],
  ['a row of many', '"operation":"create","data":[{},{"__proto__":1}]', ['data', 1, '__proto__']],
  [
    'a row of a batch',
    '"operation":"batch","data":{"operations":[{"operation":"create","entity":"a","data":{"__proto__":1}}]}',
    ['data', 'operations', 0, 'data', '__proto__'],
  ],
  [
    'a key of a batch',
    '"operation":"batch","data":{"operations":[{"operation":"delete","entity":"a","record_id":{"__proto__":1}}]}',
    ['data', 'operations', 0, 'record_id', '__proto__'],
  ],
])('__proto__ in %s is refused like every name that there is not', (_, fields, path) => {
  expect(failure(`{"id":"r","type":"request","operation":"read","entity":"a",${fields}}`).path).toEqual(path)
})

test('__proto__ in a cell of JSON is left as it is', () => {
  const message = `{"id":"r","type":"request","operation":"create","entity":"a","data":{"facts":{"__proto__":{"x":1}}}}`
  const parsed = parse(message)
  expect('message' in parsed && JSON.stringify(parsed.message)).toContain('"facts":{"__proto__":{"x":1}}')
})

test('a version that is not spoken names those that are', () => {
  const parsed = parse({ ...read, v: 999 })
  expect('error' in parsed && parsed.error.details?.supported).toEqual([1])
})

test('the path of an error leads to the field, also inside groups of filters', () => {
  expect(failure({ ...read, options: { where: 1 } }).path).toEqual(['options', 'where'])
  const filters = [
    {
      and: [
        { column: 'a', operator: 'eq', value: 1 },
        { column: 5, operator: 'eq' },
      ],
    },
  ]
  expect(failure({ ...read, options: { filters } }).path).toEqual(['options', 'filters', 0, 'and', 1, 'column'])
  expect(failure({ ...read, options: { filters: [{ column: 'a', operator: 'eq', raw: 'x' }] } }).path).toEqual([
    'options',
    'filters',
    0,
    'raw',
  ])
})

test('a message that nests 500,000 deep is refused before it is read', () => {
  const began = performance.now()
  expect(failure('['.repeat(250_000)).code).toBe('invalid_message')
  expect(failure(`{"options":${'{"a":'.repeat(40_000)}`).code).toBe('invalid_message')
  expect(performance.now() - began).toBeLessThan(1_000)
})

test('whatever bytes come, there is a message or an error, and never a throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), (payload) => {
      const parsed = parseMessage(payload, DEFAULT_LIMITS)
      expect('error' in parsed || 'message' in parsed).toBe(true)
    }),
    { numRuns: 3_000 },
  )
})
