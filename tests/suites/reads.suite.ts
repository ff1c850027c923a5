import { beforeAll, describe, expect, test } from 'vitest'
import { WireClient } from '../wire-client.ts'
import { asking, type Reply } from './ask.ts'
import { blog } from './blog.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

/** Holds a server over the database that `open` gives to what reads promise. */
export function readsSuite(over: string, open?: OpenDatabase): void {
  describe(`reads over ${over}`, () => {
    const running = withServer(blog, open)
    const { reply, data, failure } = asking(running)
    const read = (entity: string, options: object = {}) => ({ operation: 'read', entity, options })

    beforeAll(async () => {
      await using seed = await WireClient.connect(running.url, 'seed')
      const store = async (entity: string, rows: object[]) => {
        const stored = await seed.ask({
          id: `seed-${entity}`,
          type: 'request',
          operation: 'create',
          entity,
          data: rows,
        })
        expect(stored.error).toBeUndefined()
      }
      await store('authors', [
        { name: 'ann', age: 31 },
        { name: 'bob', age: 25 },
        { name: 'cid', age: null },
        { name: 'dee', age: 25 },
        { name: 'eve', age: 40 },
      ])
      await store('articles', [
        { authorId: 1, title: 'a1', rank: 3 },
        { authorId: 1, title: 'a2', rank: 1, parentId: 1 },
        { authorId: 1, title: 'a3', rank: null, parentId: 1 },
        { authorId: 2, title: 'b1', rank: 9, parentId: 2 },
      ])
      await store('tags', [{ label: 'x' }, { label: 'y' }])
      await store('articleTags', [
        { articleId: 1, tagId: 1, note: 'n' },
        { articleId: 1, tagId: 2 },
        { articleId: 2, tagId: 2 },
      ])
    })

    describe('preload', () => {
      test('sends a whole tree along: has many, belongs to, through a join table, of the table itself', async () => {
        const options = {
          columns: ['name'],
          filters: [{ column: 'id', operator: 'in', value: [1, 3] }],
          preload: [
            {
              relation: 'articles',
              columns: ['title'],
              sort: [{ column: 'rank', direction: 'desc', nulls: 'last' }],
              preload: [
                { relation: 'parent', columns: ['title'] },
                { relation: 'author', columns: ['name'] },
                { relation: 'tags', columns: ['note'], preload: [{ relation: 'tag', columns: ['label'] }] },
              ],
            },
          ],
        }
        const author = { name: 'ann' }
        expect(await data(read('authors', options))).toEqual([
          {
            name: 'ann',
            articles: [
              {
                title: 'a1',
                parent: null,
                author,
                tags: [
                  { note: 'n', tag: { label: 'x' } },
                  { note: null, tag: { label: 'y' } },
                ],
              },
              { title: 'a2', parent: { title: 'a1' }, author, tags: [{ note: null, tag: { label: 'y' } }] },
              { title: 'a3', parent: { title: 'a1' }, author, tags: [] },
            ],
          },
          { name: 'cid', articles: [] },
        ])
      })

      test('limit and offset are each parent’s own, and a list that was cut is named', async () => {
        const { data: rows, metadata } = await reply(
          read('authors', {
            preload: [
              {
                relation: 'articles',
                limit: 1,
                offset: 1,
                columns: ['title'],
                preload: [{ relation: 'tags', limit: 0 }],
              },
            ],
          }),
        )
        expect((rows as { articles: unknown[] }[]).map(({ articles }) => articles.length)).toEqual([1, 0, 0, 0, 0])
        expect(metadata.truncated).toEqual(['articles', 'articles.tags'])
      })

      test('filters narrow the related rows only', async () => {
        const options = {
          preload: [
            { relation: 'articles', filters: [{ column: 'rank', operator: 'gte', value: 3 }], columns: ['title'] },
          ],
          columns: ['id'],
        }
        expect(await data(read('authors', options))).toEqual([
          { id: 1, articles: [{ title: 'a1' }] },
          { id: 2, articles: [{ title: 'b1' }] },
          { id: 3, articles: [] },
          { id: 4, articles: [] },
          { id: 5, articles: [] },
        ])
      })

      test('comes with one row too', async () => {
        expect(
          await data({
            operation: 'read',
            entity: 'articles',
            record_id: 4,
            options: { columns: ['id'], preload: [{ relation: 'author', columns: ['name'] }] },
          }),
        ).toEqual({
          id: 4,
          author: { name: 'bob' },
        })
      })

      test.each([
        [[{ relation: 'nope' }], [0, 'relation']],
        [[{ relation: 'articles', columns: ['nope'] }], [0, 'columns', 0]],
        [
          [{ relation: 'articles', filters: [{ column: 'nope', operator: 'eq', value: 1 }] }],
          [0, 'filters', 0, 'column'],
        ],
        [[{ relation: 'articles', sort: [{ column: 'nope' }] }], [0, 'sort', 0, 'column']],
        [[{ relation: 'articles', where: '1=1' }], [0, 'where']],
        [[{ relation: 'articles', limit: -1 }], [0, 'limit']],
        [
          [{ relation: 'articles' }, { relation: 'articles' }],
          [1, 'relation'],
        ],
        [
          [{ relation: 'articles', preload: [{ relation: 'author', columns: ['secret'] }] }],
          [0, 'preload', 0, 'columns', 0],
        ],
      ])('%j is refused with the path of what is wrong', async (preload, path) => {
        expect(await failure(read('authors', { preload }))).toMatchObject({
          code: 'invalid_preload',
          details: { path: ['options', 'preload', ...path] },
        })
      })

      test('nests no deeper than the limit', async () => {
        const deep = (depth: number): object[] =>
          depth === 0 ? [] : [{ relation: 'children', preload: deep(depth - 1) }]
        expect(await data(read('articles', { preload: deep(3) }))).toHaveLength(4)
        expect(await failure(read('articles', { preload: deep(4) }))).toMatchObject({ code: 'invalid_preload' })
      })
    })

    describe('page cursors', () => {
      const sorts = [
        [],
        [{ column: 'age' }],
        [{ column: 'age', direction: 'desc' }],
        [{ column: 'age', nulls: 'first' }],
        [
          { column: 'age', direction: 'desc', nulls: 'last' },
          { column: 'name', direction: 'desc' },
        ],
        [{ column: 'initial', direction: 'desc' }],
        [{ column: 'name' }, { column: 'id', direction: 'desc' }],
      ]
      const ids = ({ data: rows }: Reply) => (rows as { id: number }[]).map(({ id }) => id)

      test.each(sorts.map((sort) => [sort]))(
        'walk forward and back through every row once, sorted by %j',
        async (sort) => {
          const whole = ids(await reply(read('authors', { sort })))
          const forward: number[][] = []
          let page = await reply(read('authors', { sort, limit: 2 }))
          expect(page.metadata.previous).toBeUndefined()
          for (;;) {
            forward.push(ids(page))
            expect(page.metadata.total).toBe(5)
            if (page.metadata.next === undefined) break
            page = await reply(read('authors', { sort, limit: 2, cursor_forward: page.metadata.next }))
          }
          expect(forward.flat()).toEqual(whole)
          const backward: number[][] = []
          while (page.metadata.previous !== undefined) {
            page = await reply(read('authors', { sort, limit: 2, cursor_backward: page.metadata.previous }))
            backward.unshift(ids(page))
          }
          expect(backward.flat()).toEqual(whole.slice(0, 4))
          expect(page.metadata.next).toBeDefined()
        },
      )

      test.each(sorts.map((sort) => [sort]))('a plain key is a cursor too, sorted by %j', async (sort) => {
        const whole = ids(await reply(read('authors', { sort })))
        for (const [place, id] of whole.entries()) {
          expect(ids(await reply(read('authors', { sort, cursor_forward: id })))).toEqual(whole.slice(place + 1))
          expect(ids(await reply(read('authors', { sort, limit: 2, cursor_backward: String(id) })))).toEqual(
            whole.slice(Math.max(0, place - 2), place),
          )
        }
      })

      test('of another query, of a row that is gone, or two at once, are refused', async () => {
        const { metadata } = await reply(read('authors', { limit: 1 }))
        for (const options of [
          { cursor_forward: metadata.next, sort: [{ column: 'age' }] },
          { cursor_forward: '~nonsense' },
          { cursor_forward: 999 },
          { cursor_forward: '1 or 1=1' },
          { cursor_forward: { id: { $gt: 0 } } },
          { cursor_forward: 1, cursor_backward: 2 },
          { cursor_backward: 1, offset: 1 },
        ]) {
          expect(await failure(read('authors', options)), JSON.stringify(options)).toMatchObject({
            code: 'cursor_error',
          })
        }
        expect(await failure(read('articles', { cursor_forward: metadata.next }))).toMatchObject({
          code: 'cursor_error',
        })
      })
    })

    test('a row comes with its place in a list, or not_found when it is not in it', async () => {
      const options = {
        sort: [{ column: 'age', direction: 'desc', nulls: 'last' }],
        fetch_row_number: 2,
        filters: [{ column: 'age', operator: 'is_not_null' }],
      }
      const { data: row, metadata } = await reply(read('authors', options))
      expect(row).toMatchObject({ id: 2, name: 'bob' })
      expect(metadata).toEqual({ total: 4, count: 1, row_number: 3 })
      expect(await failure(read('authors', { ...options, fetch_row_number: 3 }))).toMatchObject({ code: 'not_found' })
      expect(await failure(read('authors', { fetch_row_number: 'x' }))).toMatchObject({ code: 'invalid_options' })
    })

    describe('totals', () => {
      test('are exact, capped or left out', async () => {
        expect((await reply(read('authors', { limit: 1 }))).metadata.total).toBe(5)
        expect((await reply(read('authors', { limit: 1, total: 'capped' }))).metadata).toMatchObject({ total: 5 })
        expect((await reply(read('authors', { limit: 1, total: false }))).metadata.total).toBeUndefined()
        expect((await reply(read('authors', { limit: 0 }))).metadata).toMatchObject({ total: 5, count: 0 })
        expect(await failure(read('authors', { total: true }))).toMatchObject({ code: 'invalid_options' })
      })

      test('a limit over the largest is lowered, and said', async () => {
        expect((await reply(read('authors', { limit: 1_000_000 }))).metadata.limit).toBe(1_000)
      })
    })

    describe('computed columns and operators of the server', () => {
      test('are read, filtered by and sorted by when they are named', async () => {
        const options = {
          columns: ['name', 'initial'],
          filters: [{ column: 'initial', operator: 'in', value: ['A', 'C'] }],
          sort: [{ column: 'initial', direction: 'desc' }],
        }
        expect(await data(read('authors', options))).toEqual([
          { name: 'cid', initial: 'C' },
          { name: 'ann', initial: 'A' },
        ])
        const [row] = (await data(read('authors', { computedColumns: [{ name: 'decade' }], limit: 1 }))) as object[]
        expect(row).toMatchObject({ name: 'ann', decade: 3 })
        const [plain] = (await data(read('authors', { limit: 1 }))) as object[]
        expect(plain).not.toHaveProperty('decade')
      })

      test('an operator takes a value, which is never SQL', async () => {
        const ids = async (customOperators: object[]) =>
          ((await data(read('authors', { customOperators }))) as { id: number }[]).map(({ id }) => id)
        expect(await ids([{ name: 'olderThan', value: 30 }])).toEqual([1, 5])
        expect(await ids([{ name: 'named', value: "x' or '1'='1" }])).toEqual([])
        expect(
          await ids([
            { name: 'olderThan', value: 30 },
            { name: 'named', value: 'eve' },
          ]),
        ).toEqual([5])
      })

      test('are refused in a subscription, which Postgres is not asked for', async () => {
        const options = { columns: ['name', 'initial'] }
        const message = { id: 'computed', type: 'subscription', operation: 'subscribe', entity: 'authors', options }
        expect(await running.client.ask(message)).toMatchObject({
          error: { code: 'invalid_options', details: { path: ['options', 'columns', 1] } },
        })
      })

      test('SQL and unknown names are refused', async () => {
        expect(await failure(read('authors', { customOperators: [{ name: 'x' }] }))).toMatchObject({
          code: 'invalid_options',
          details: { path: ['options', 'customOperators', 0, 'name'] },
        })
        expect(await failure(read('authors', { computedColumns: [{ name: 'x', sql: '1' }] }))).toMatchObject({
          code: 'invalid_options',
        })
        expect(
          await failure({ operation: 'create', entity: 'authors', data: { name: 'x', initial: 'Y' } }),
        ).toMatchObject({
          code: 'invalid_data',
        })
      })
    })

    describe('aggregates', () => {
      const aggregate = (fields: object, group_by?: string[], more: object = {}) =>
        read('authors', { aggregate: { fields, ...(group_by && { group_by }) }, ...more })

      test('give figures of all rows that match', async () => {
        const fields = {
          n: { fn: 'count' },
          aged: { fn: 'count', column: 'age' },
          sum: { fn: 'sum', column: 'age' },
          avg: { fn: 'avg', column: 'age' },
          min: { fn: 'min', column: 'name' },
          max: { fn: 'max', column: 'age' },
        }
        expect(await data(aggregate(fields))).toEqual([
          { n: 5, aged: 4, sum: '121', avg: '30.2500000000000000', min: 'ann', max: 40 },
        ])
        const filters = [{ column: 'age', operator: 'gt', value: 100 }]
        expect(
          await data(aggregate({ n: { fn: 'count' }, sum: { fn: 'sum', column: 'age' } }, undefined, { filters })),
        ).toEqual([{ n: 0, sum: null }])
      })

      test('give figures per group, sorted by group or figure', async () => {
        expect(
          await data(
            aggregate({ n: { fn: 'count' } }, ['age'], {
              sort: [
                { column: 'n', direction: 'desc' },
                { column: 'age', nulls: 'first' },
              ],
            }),
          ),
        ).toEqual([
          { age: 25, n: 2 },
          { age: null, n: 1 },
          { age: 31, n: 1 },
          { age: 40, n: 1 },
        ])
        expect(await data(aggregate({ n: { fn: 'count' } }, ['initial'], { limit: 1, offset: 1 }))).toEqual([
          { initial: 'B', n: 1 },
        ])
      })

      test('an alias is a name in the answer and nothing else', async () => {
        const alias = 'x", (select secret from authors limit 1) as "y'
        expect(await data(aggregate({ [alias]: { fn: 'count' } }))).toEqual([{ [alias]: 5 }])
      })

      test.each([
        [{ aggregate: { fields: { n: { fn: 'median' } } } }],
        [{ aggregate: { fields: { n: { fn: 'sum' } } } }],
        [{ aggregate: { fields: { n: { fn: 'sum', column: 'name' } } } }],
        [{ aggregate: { fields: { n: { fn: 'max', column: 'secret' } } } }],
        [{ aggregate: { fields: { n: { fn: 'count' } }, group_by: ['secret'] } }],
        [{ aggregate: { fields: {} } }],
        [{ aggregate: { fields: { n: { fn: 'count' } } }, columns: ['id'] }],
        [{ aggregate: { fields: { n: { fn: 'count' } } }, sort: [{ column: 'id' }] }],
      ])('%j is refused', async (options) => {
        expect(await failure(read('authors', options))).toMatchObject({ code: 'invalid_options' })
      })
    })
  })
}
