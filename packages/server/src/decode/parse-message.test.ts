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
