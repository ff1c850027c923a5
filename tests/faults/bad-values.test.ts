import { describe, expect, test } from 'vitest'
import { create, where } from './messages.ts'
import { codeOf, trial } from './trial.ts'

const tried = trial()

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
      // A client for each: one alone would ask faster than a client may.
      const client = await tried.connect(`f09-${operator}`, 'a')
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
    ['2024-02-29T23:59:59.123456789Z', '2024-02-29T23:59:59.123456+00:00'],
    ['2024-02-29T23:59:59.9999999+01:00', '2024-02-29T22:59:59.999999+00:00'],
  ])('a time with more than microseconds, %s, loses what is finer', async (at, stored) => {
    const client = await tried.connect('f17', 'a')
    expect((await tried.ask(client, create({ label: 'fine', at }))).data).toMatchObject({ at: stored })
    const found = await tried.ask(client, where('at', 'eq', at))
    expect((found.data as { at: string }[]).map((row) => row.at)).toEqual([stored])
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
