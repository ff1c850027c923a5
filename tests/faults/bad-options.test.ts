import { describe, expect, test } from 'vitest'
import { create, read, where } from './messages.ts'
import { trial } from './trial.ts'
import { timed, within } from './within.ts'

const tried = trial()

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

  test('an offset has the same end in a page, in figures and in related rows', async () => {
    const client = await tried.connect('f13', 'a')
    const offset = 1_000_000_001
    const figures = { aggregate: { fields: { n: { fn: 'count' } } }, offset }
    expect(await tried.code(client, read({ offset }))).toBe('invalid_options')
    expect(await tried.code(client, read(figures))).toBe('invalid_options')
    expect(await tried.code(client, read({ preload: [{ relation: 'owner', offset }] }))).toBe('invalid_preload')
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

/** For how long nothing else could run, at the longest. */
async function longestStop(during: () => Promise<void>): Promise<number> {
  let worstMs = 0
  let last = performance.now()
  const look = () => {
    worstMs = Math.max(worstMs, performance.now() - last - 5)
    last = performance.now()
  }
  const timer = setInterval(look, 5)
  try {
    await during()
    look()
    return worstMs
  } finally {
    clearInterval(timer)
  }
}

test('fault F16: a pattern that backtracks is answered at once, in a read and in a subscription', async () => {
  const client = await tried.connect('f16', 'a')
  const value = `${'%a'.repeat(20)}%b`
  const filters = ['like', 'ilike'].map((operator) => ({ column: 'label', operator, value, logic_operator: 'OR' }))
  expect(
    await tried.code(client, { type: 'subscription', operation: 'subscribe', entity: 'things', options: { filters } }),
  ).toBe('ok')
  const ok = async (message: object) => expect(await tried.code(client, message)).toBe('ok')
  await within(50, () => longestStop(() => ok(create({ label: 'a'.repeat(30_000) }))))
  await within(50, () => longestStop(() => ok(read({ filters, columns: ['id'] }))))
  await within(100, () => timed(() => ok(read({ filters, columns: ['id'] }))))
})
