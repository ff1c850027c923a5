import { describe, expect, test } from 'vitest'
import { connect } from '../connect.ts'
import { type Script, ScriptedServer } from '../testing/scripted-server.ts'

const page: Script = () => ({ data: [{ id: 1 }], metadata: { count: 1, limit: 100, offset: 0 } })
const refusal = (code: string) => ({ success: false, error: { code, message: code } })

describe('related rows', () => {
  test('`with` goes as preload, however deep, with only what was said of each relation', async () => {
    await using server = await ScriptedServer.start(page)
    await using spec = await connect(server.url)
    await spec.read('users', {
      with: {
        posts: {
          columns: ['title'],
          where: { published: true },
          filters: [{ column: 'rank', operator: 'gt', value: 1 }],
          sort: ['-id', { column: 'title', nulls: 'last' }],
          limit: 3,
          offset: 1,
          with: { comments: { omitColumns: ['secret'] }, author: true },
        },
        team: true,
      },
    })
    expect(server.received[0]?.options).toEqual({
      total: false,
      preload: [
        {
          relation: 'posts',
          columns: ['title'],
          filters: [
            { column: 'rank', operator: 'gt', value: 1 },
            { column: 'published', operator: 'eq', value: true },
          ],
          sort: [
            { column: 'id', direction: 'desc' },
            { column: 'title', nulls: 'last' },
          ],
          limit: 3,
          offset: 1,
          preload: [{ relation: 'comments', omit_columns: ['secret'] }, { relation: 'author' }],
        },
        { relation: 'team' },
      ],
    })
  })

  test('`preload` goes as it is, beside `with`, also with one row', async () => {
    await using server = await ScriptedServer.start(page)
    await using spec = await connect(server.url)
    const preload = [{ relation: 'posts', omit_columns: ['body'], preload: [{ relation: 'author' }] }]
    await spec.get('users', 1, { preload, with: { team: true } })
    expect(server.received[0]?.options).toEqual({ preload: [...preload, { relation: 'team' }] })
  })

  test('lists that were cut are named by the page', async () => {
    await using server = await ScriptedServer.start(() => ({
      data: [],
      metadata: { count: 0, limit: 100, offset: 0, truncated: ['posts', 'posts.comments'] },
    }))
    await using spec = await connect(server.url)
    expect((await spec.read('users', { with: { posts: true } })).truncated).toEqual(['posts', 'posts.comments'])
  })

  test('a condition on them that is undefined is refused, and its path told', async () => {
    await using server = await ScriptedServer.start(page)
    await using spec = await connect(server.url)
    const where = { published: undefined } as never
    await expect(spec.read('users', { with: { posts: { where } } })).rejects.toMatchObject({
      code: 'invalid_options',
      details: { path: ['with', 'posts', 'where', 'published'] },
    })
    expect(server.received).toEqual([])
  })
})

describe('what the server registered', () => {
  test('columns are asked for by name, operators by name with a value, in either form', async () => {
    await using server = await ScriptedServer.start(page)
    await using spec = await connect(server.url)
    const list = [{ name: 'nearby', value: 5 }, { name: 'open' }]
    await spec.read('users', { computed: ['initials' as never], operators: { nearby: 5, since: new Date(0) } })
    await spec.read('users', { operators: list })
    await spec.count('users', { id: 1 }, { operators: list })
    expect(server.received.map(({ options }) => options)).toEqual([
      {
        total: false,
        computedColumns: [{ name: 'initials' }],
        customOperators: [
          { name: 'nearby', value: 5 },
          { name: 'since', value: '1970-01-01T00:00:00.000Z' },
        ],
      },
      { total: false, customOperators: list },
      {
        total: 'exact',
        limit: 0,
        customOperators: list,
        filters: [{ column: 'id', operator: 'eq', value: 1 }],
      },
    ])
  })
})

describe('a page', () => {
  test('after or before goes as a cursor, opaque or a key', async () => {
    await using server = await ScriptedServer.start(page)
    await using spec = await connect(server.url)
    await spec.read('users', { after: '~x' })
    await spec.read('users', { before: 7n })
    await spec.read('users', { after: { userId: 1, groupId: 2 } })
    expect(server.received.map(({ options }) => options)).toEqual([
      { total: false, cursor_forward: '~x' },
      { total: false, cursor_backward: '7' },
      { total: false, cursor_forward: { userId: 1, groupId: 2 } },
    ])
  })

  test.each([
    [true, 'exact'],
    ['exact', 'exact'],
    ['capped', 'capped'],
    [false, false],
    [undefined, false],
  ] as const)('total %j is asked for as %j', async (total, sent) => {
    await using server = await ScriptedServer.start(() => ({
      data: [],
      metadata: { count: 0, total: 9, capped: true },
    }))
    await using spec = await connect(server.url)
    expect(await spec.read('users', { total })).toMatchObject({ total: 9, capped: true })
    expect(server.received[0]?.options).toEqual({ total: sent })
  })
})

describe('the place of a row', () => {
  test('is asked for with the list that it is a place in', async () => {
    await using server = await ScriptedServer.start(() => ({
      data: { id: 7 },
      metadata: { total: 40, count: 1, row_number: 12 },
    }))
    await using spec = await connect(server.url)
    const got = await spec.rowNumber('users', 7, { where: { active: true }, sort: '-age', columns: ['id'] })
    expect(got).toEqual({ row: { id: 7 }, rowNumber: 12, total: 40 })
    expect(server.received[0]?.options).toEqual({
      fetch_row_number: 7,
      columns: ['id'],
      filters: [{ column: 'active', operator: 'eq', value: true }],
      sort: [{ column: 'age', direction: 'desc' }],
    })
  })

  test('is null for a row that is not in the list, and nothing else is', async () => {
    await using server = await ScriptedServer.start(({ options }) =>
      refusal(options?.fetch_row_number === 8 ? 'not_found' : 'invalid_data'),
    )
    await using spec = await connect(server.url)
    expect(await spec.rowNumber('users', 8)).toBeNull()
    await expect(spec.rowNumber('users', 'x')).rejects.toMatchObject({ code: 'invalid_data' })
  })
})

describe('figures', () => {
  const fields = { n: { fn: 'count' }, oldest: { fn: 'max', column: 'age' } } as const

  test('of all rows are one object, and have no page', async () => {
    await using server = await ScriptedServer.start(() => ({ data: [{ n: 3, oldest: 40 }], metadata: { count: 1 } }))
    await using spec = await connect(server.url)
    expect(await spec.aggregate('users', { fields, where: { active: true }, limit: 0, offset: 5 })).toEqual({
      n: 3,
      oldest: 40,
    })
    expect(await spec.aggregate('users', { fields, groupBy: [] })).toEqual({ n: 3, oldest: 40 })
    expect(server.received.map(({ options }) => options)).toEqual([
      { aggregate: { fields }, filters: [{ column: 'active', operator: 'eq', value: true }] },
      { aggregate: { fields } },
    ])
  })

  test('per group are a list, sorted and cut as asked', async () => {
    const groups = [{ status: 'a', n: 2, oldest: null }]
    await using server = await ScriptedServer.start(() => ({ data: groups, metadata: { count: 1 } }))
    await using spec = await connect(server.url)
    const call = { fields, groupBy: ['status'], sort: ['-n', 'status'], limit: 5, offset: 1 } as const
    expect(await spec.aggregate('users', call)).toEqual(groups)
    expect(server.received[0]?.options).toEqual({
      aggregate: { fields, group_by: ['status'] },
      sort: [
        { column: 'n', direction: 'desc' },
        { column: 'status', direction: 'asc' },
      ],
      limit: 5,
      offset: 1,
    })
  })
})
