import { describe, expect, test } from 'vitest'
import { quiet, until } from '../until.ts'
import { blog } from './blog.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

/** Holds a server over the database that `open` gives to what writes promise. */
export function writesSuite(over: string, open?: OpenDatabase): void {
  describe(`writes over ${over}`, () => {
    const running = withServer(blog, open)
    let asked = 0

    interface Reply {
      readonly success: boolean
      readonly data: never
      readonly error?: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> }
    }

    async function request(message: object): Promise<Reply> {
      asked++
      return (await running.client.ask({ id: `write-${asked}`, type: 'request', ...message })) as unknown as Reply
    }

    /** The data of a reply that must be a success. */
    async function data(message: object): Promise<never> {
      const reply = await request(message)
      expect(reply.error).toBeUndefined()
      return reply.data
    }

    /** The error of a reply that must be one. */
    async function failure(message: object) {
      const reply = await request(message)
      expect(reply.success).toBe(false)
      return reply.error
    }

    const count = async (entity: string): Promise<number> => {
      const reply = await running.client.ask({
        id: `count-${++asked}`,
        type: 'request',
        operation: 'read',
        entity,
        options: { limit: 0 },
      })
      return (reply.metadata as { total: number }).total
    }

    describe('related rows in a create', () => {
      test('rows that belong to the new row are stored with it, and come back in the reply', async () => {
        const author = await data({
          operation: 'create',
          entity: 'authors',
          data: {
            name: 'Ann',
            articles: [{ title: 'One' }, { title: 'Two', children: [{ title: 'Two a', author: { name: 'Bea' } }] }],
          },
        })
        expect(author).toMatchObject({
          name: 'Ann',
          articles: [{ title: 'One' }, { title: 'Two', children: [{ title: 'Two a', author: { name: 'Bea' } }] }],
        })
        expect(author).not.toHaveProperty('secret')
      })

      test('one that fails takes everything back, and the error says where it stands', async () => {
        const before = await count('authors')
        const error = await failure({
          operation: 'create',
          entity: 'authors',
          data: { name: 'Cid', articles: [{ title: 'Fine' }, { rank: 1 }] },
        })
        expect(error).toMatchObject({
          code: 'constraint_violation',
          details: { columns: ['title'], path: ['data', 'articles', 1] },
        })
        expect(await count('authors')).toBe(before)
      })

      test('the column that refers to the parent cannot be sent', async () => {
        const nested = { name: 'Dee', articles: [{ title: 'x', authorId: 1 }] }
        expect(await failure({ operation: 'create', entity: 'authors', data: nested })).toMatchObject({
          code: 'invalid_data',
          details: { path: ['data', 'articles', 0, 'authorId'] },
        })
      })

      test('nor the column that refers to a new row that comes along', async () => {
        const article = { title: 'x', author: { name: 'Ann' } }
        expect(
          await failure({ operation: 'create', entity: 'articles', data: { ...article, authorId: 1 } }),
        ).toMatchObject({ code: 'invalid_data', details: { path: ['data', 'authorId'] } })
      })

      test('nesting ends at the limit', async () => {
        const deep = {
          title: '1',
          children: [{ title: '2', children: [{ title: '3', children: [{ title: '4', children: [] }] }] }],
        }
        expect(
          await failure({ operation: 'create', entity: 'authors', data: { name: 'x', articles: [deep] } }),
        ).toMatchObject({ code: 'invalid_data' })
      })
    })

    describe('related rows in an update', () => {
      test('each child says what is done to it', async () => {
        const { id, articles } = (await data({
          operation: 'create',
          entity: 'authors',
          data: { name: 'Eve', articles: [{ title: 'keep' }, { title: 'drop' }] },
        })) as { id: number; articles: { id: number }[] }
        const updated = await data({
          operation: 'update',
          entity: 'authors',
          record_id: id,
          data: {
            name: 'Eva',
            articles: [
              { _request: 'update', id: articles[0]?.id, title: 'kept' },
              { _request: 'delete', id: articles[1]?.id },
              { _request: 'insert', title: 'new' },
            ],
          },
        })
        expect(updated).toMatchObject({ name: 'Eva', articles: [{ title: 'kept' }, { title: 'new' }] })
      })

      test('a child of another parent is out of reach', async () => {
        const other = (await data({
          operation: 'create',
          entity: 'authors',
          data: { name: 'F', articles: [{ title: 'hers' }] },
        })) as { articles: { id: number }[] }
        const mine = (await data({ operation: 'create', entity: 'authors', data: { name: 'G' } })) as { id: number }
        const articles = [{ _request: 'update', id: other.articles[0]?.id, title: 'mine' }]
        expect(
          await failure({ operation: 'update', entity: 'authors', record_id: mine.id, data: { articles } }),
        ).toMatchObject({
          code: 'not_found',
          details: { path: ['data', 'articles', 0] },
        })
      })

      test('_request has no place at the top level', async () => {
        expect(
          await failure({ operation: 'update', entity: 'authors', record_id: 1, data: { _request: 'delete' } }),
        ).toMatchObject({ code: 'invalid_data' })
      })
    })

    describe('what is wrong with one row of many', () => {
      const row = { name: 'Ann' }
      test.each([
        ['create', [row, { ...row, nope: 1 }], 'invalid_data'],
        ['create', [row, { name: 5 }], 'invalid_data'],
        ['create', [row, 'x'], 'invalid_data'],
        ['create', [row, { ...row, articles: [{ title: null }] }], 'invalid_data'],
        ['create', [row, {}], 'constraint_violation'],
        ['update', [{ id: 1, ...row }, row], 'missing_id'],
        [
          'update',
          [
            { id: 1, ...row },
            { id: 'x', ...row },
          ],
          'invalid_data',
        ],
        ['delete', [{ id: 1 }, {}], 'missing_id'],
        ['delete', [{ id: 1 }, { id: 2, ...row }], 'invalid_data'],
      ])('says which of %s it is: %j', async (operation, rows, code) => {
        const error = await failure({ operation, entity: 'authors', data: rows })
        expect(error).toMatchObject({ code, details: { index: 1 } })
      })
    })

    describe('a batch', () => {
      test('runs its operations in one transaction, and a value may come from an earlier one', async () => {
        const replies = await data({
          operation: 'batch',
          data: {
            operations: [
              { operation: 'create', entity: 'authors', data: { name: 'Hal' } },
              { operation: 'create', entity: 'articles', data: { title: 'By Hal', authorId: { $ref: [0, 'id'] } } },
              { operation: 'update', entity: 'articles', record_id: { $ref: [1, 'id'] }, data: { rank: 5 } },
            ],
          },
        })
        expect(replies).toMatchObject([{ name: 'Hal' }, { title: 'By Hal' }, { title: 'By Hal', rank: 5 }])
      })

      test('that fails stores nothing, and the error names the operation', async () => {
        const before = await count('authors')
        const operations = [
          { operation: 'create', entity: 'authors', data: { name: 'Ida' } },
          { operation: 'delete', entity: 'authors', record_id: 99_999 },
        ]
        expect(await failure({ operation: 'batch', data: { operations } })).toMatchObject({
          code: 'not_found',
          details: { index: 1 },
        })
        expect(await count('authors')).toBe(before)
      })

      test.each([[[5, 'id']], [[0, 'nothing']], [[0]], ['x'], [[0, 'secret']], [['0', 'id']]])(
        'a reference to nowhere (%j) is refused before anything runs',
        async ($ref) => {
          const operations = [
            { operation: 'create', entity: 'authors', data: { name: 'x' } },
            { operation: 'create', entity: 'articles', data: { title: 'x', authorId: { $ref } } },
          ]
          expect(await failure({ operation: 'batch', data: { operations } })).toMatchObject({
            code: 'invalid_data',
            details: { path: ['data', 'operations', 1, 'data', 'authorId'] },
          })
        },
      )

      test('an operation that is wrong is named by its path', async () => {
        const operations = [{ operation: 'create', entity: 'authors', data: { nope: 1 } }]
        expect(await failure({ operation: 'batch', data: { operations } })).toMatchObject({
          code: 'invalid_data',
          details: { path: ['data', 'operations', 0, 'data', 'nope'] },
        })
      })
    })

    describe('options.if', () => {
      test('lets a change through only when the row is as it says', async () => {
        const { id } = (await data({ operation: 'create', entity: 'authors', data: { name: 'Jo', age: 1 } })) as {
          id: number
        }
        const change = (holds: object) => ({
          operation: 'update',
          entity: 'authors',
          record_id: id,
          data: { age: 2 },
          options: { if: holds },
        })
        expect(await failure(change({ age: 5 }))).toMatchObject({ code: 'precondition_failed' })
        expect(await failure(change({ email: 'x' }))).toMatchObject({ code: 'precondition_failed' })
        expect(await data(change({ age: 1, email: null }))).toMatchObject({ age: 2 })
        expect(
          await failure({ operation: 'delete', entity: 'authors', record_id: id, options: { if: { age: 1 } } }),
        ).toMatchObject({ code: 'precondition_failed' })
        expect(
          await data({ operation: 'delete', entity: 'authors', record_id: id, options: { if: { age: 2 } } }),
        ).toEqual({
          deleted: true,
        })
        expect(await failure(change({ age: 1 }))).toMatchObject({ code: 'not_found' })
        expect(await failure(change({ secret: 'x' }))).toMatchObject({
          code: 'invalid_options',
          details: { path: ['options', 'if', 'secret'] },
        })
      })
    })

    describe('options.on_conflict', () => {
      const upsert = (row: unknown, action: string) => ({
        operation: 'create',
        entity: 'authors',
        data: row,
        options: { on_conflict: { columns: ['email'], do: action } },
      })

      test('update changes the row that has the same unique value', async () => {
        const first = (await data(upsert({ name: 'Kay', email: 'kay@x.io' }, 'update'))) as { id: number }
        expect(await data(upsert({ name: 'Kai', email: 'kay@x.io' }, 'update'))).toMatchObject({
          id: first.id,
          name: 'Kai',
        })
        expect(
          await data(
            upsert(
              [
                { name: 'Key', email: 'kay@x.io' },
                { name: 'Lo', email: 'lo@x.io' },
              ],
              'update',
            ),
          ),
        ).toMatchObject([{ id: first.id, name: 'Key' }, { name: 'Lo' }])
      })

      test('nothing leaves it, and gives it as it is', async () => {
        const first = (await data(upsert({ name: 'Max', email: 'max@x.io' }, 'nothing'))) as { id: number }
        expect(await data(upsert({ name: 'Moe', email: 'max@x.io' }, 'nothing'))).toMatchObject({
          id: first.id,
          name: 'Max',
        })
      })

      test('columns that are not unique are refused', async () => {
        expect(
          await failure({
            ...upsert({ name: 'x' }, 'update'),
            options: { on_conflict: { columns: ['name'], do: 'update' } },
          }),
        ).toMatchObject({
          code: 'invalid_options',
          details: { path: ['options', 'on_conflict', 'columns'] },
        })
      })
    })

    test('every change of a nested write and of a batch is told, once', async () => {
      const subscribed = await running.client.ask({
        id: 'sub',
        type: 'subscription',
        operation: 'subscribe',
        entity: 'articles',
      })
      expect(subscribed.success).toBe(true)
      await data({
        operation: 'create',
        entity: 'authors',
        data: { name: 'Nan', articles: [{ title: 'a' }, { title: 'b' }] },
      })
      await data({
        operation: 'batch',
        data: { operations: [{ operation: 'create', entity: 'articles', data: { title: 'c', authorId: 1 } }] },
      })
      await failure({ operation: 'create', entity: 'authors', data: { name: 'Ned', articles: [{ title: 'd' }, {}] } })
      await until(() => running.client.notifications.length >= 3)
      await quiet(100)
      expect(
        running.client.notifications.map(({ payload }) => (payload as { data: { title: string } }).data.title),
      ).toEqual(['a', 'b', 'c'])
    })

    test('a composite key names a row as an object, and never changes', async () => {
      const author = (await data({
        operation: 'create',
        entity: 'authors',
        data: { name: 'Pat', articles: [{ title: 't' }] },
      })) as { articles: { id: number }[] }
      const tag = (await data({ operation: 'create', entity: 'tags', data: { label: 'x' } })) as { id: number }
      const key = { articleId: author.articles[0]?.id, tagId: tag.id }
      await data({ operation: 'create', entity: 'articleTags', data: { ...key, note: 'n' } })
      expect(await data({ operation: 'read', entity: 'articleTags', record_id: key })).toEqual({ ...key, note: 'n' })
      expect(await data({ operation: 'update', entity: 'articleTags', data: { ...key, note: 'm' } })).toEqual({
        ...key,
        note: 'm',
      })
      expect(await failure({ operation: 'read', entity: 'articleTags', record_id: 5 })).toMatchObject({
        code: 'invalid_data',
        details: { path: ['record_id'] },
      })
      expect(await data({ operation: 'delete', entity: 'articleTags', data: [key] })).toEqual({ deleted: 1 })
    })
  })
}
