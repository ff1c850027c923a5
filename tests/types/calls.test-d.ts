import type { ShapeOf, SpecClient } from '@mqttspec/client'
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { sql } from 'drizzle-orm'
import { describe, expectTypeOf, test } from 'vitest'
import * as schema from './schema.ts'

// Declared out of order and under other names; `memberships` is a relation of users, and no entity.
const api = defineSpec({ schema })
  .entity('posts', {
    name: 'articles',
    computed: {
      words: (t) => sql<number>`length(${t.title})`,
      first: (t) => sql<string | null>`nullif(left(${t.title}, 1), '')`,
      seen: () => sql<Date>`now()`,
      size: () => sql<bigint>`1`,
      raw: () => sql`1`,
    },
  })
  .entity('users', {
    name: 'people',
    omit: ['passwordHash'],
    operators: { nearby: (t, value) => sql`${t.age} > ${Number(value)}`, adult: (t) => sql`${t.age} >= 18` },
  })
  .entity('everything')
  .entity('activeUsers')

declare const spec: SpecClient<ShapeOf<typeof api>>

type Row<Name extends keyof ShapeOf<typeof api>> = ShapeOf<typeof api>[Name]['row']

describe('relations', () => {
  test('lead to entities under whatever name these were declared', async () => {
    const { data } = await spec.read('people', { columns: ['id'], with: { posts: { columns: ['title', 'words'] } } })
    expectTypeOf(data).toEqualTypeOf<{ id: number; posts: { title: string; words: number }[] }[]>()
    const one = await spec.get('articles', 1, { columns: ['title'], with: { author: true } })
    expectTypeOf(one).toEqualTypeOf<{ title: string; author: Row<'people'> | null } | null>()
    // @ts-expect-error hidden
    one?.author?.passwordHash
  })

  test('to a table that is no entity cannot be asked for, nor written', () => {
    // @ts-expect-error memberships is no entity of this server
    void spec.read('people', { with: { memberships: true } })
    // @ts-expect-error the same in the wire's form
    void spec.read('people', { preload: [{ relation: 'memberships' }] })
    // @ts-expect-error the same in a write
    void spec.create('people', { tenantId: 1, name: 'x', memberships: [{ userId: 1, groupId: 1 }] })
  })

  test('take no name that is not there, also beside one that is, however deep', () => {
    // @ts-expect-error misspelt
    void spec.read('people', { with: { posts: true, psts: true } })
    // @ts-expect-error misspelt option
    void spec.read('people', { with: { posts: { limit: 3, ofset: 1 } } })
    // @ts-expect-error misspelt column of a condition
    void spec.read('people', { with: { posts: { where: { published: true, titel: 'x' } } } })
    // @ts-expect-error misspelt column, in a group
    void spec.read('people', { with: { posts: { where: { or: [{ published: true }, { title: 'x', titel: 'x' }] } } } })
    // @ts-expect-error misspelt operator
    void spec.read('people', { with: { posts: { where: { title: { like: 'x', ilik: 'x' } } } } })
    // @ts-expect-error misspelt relation of a relation
    void spec.read('people', { with: { posts: { with: { author: true, autor: true } } } })
    // @ts-expect-error misspelt column to sort by
    void spec.read('people', { with: { posts: { sort: '-titel' } } })
    // @ts-expect-error a number
    void spec.stream('people', { with: { posts: { limit: '3' } } })
    void spec.read('people', {
      with: {
        posts: {
          where: { not: { title: { in: ['x'] } }, and: [{ published: true }], words: { gt: 3 } },
          filters: [{ column: 'first', operator: 'is_null' }],
          sort: ['-words', { column: 'title', nulls: 'last' }],
        },
      },
    })
  })

  test('in the wire’s own form give the same rows', async () => {
    const { data } = await spec.read('people', {
      columns: ['id'],
      preload: [
        { relation: 'posts', omit_columns: ['tags', 'published', 'authorId'], preload: [{ relation: 'author' }] },
      ],
    })
    expectTypeOf(data).toEqualTypeOf<
      { id: number; posts: { id: string; title: string; author: Row<'people'> | null }[] }[]
    >()
    // @ts-expect-error misspelt
    void spec.read('people', { preload: [{ relation: 'psts' }] })
    // @ts-expect-error misspelt column
    void spec.read('people', { preload: [{ relation: 'posts', columns: ['titel'] }] })
  })
})

describe('live lists', () => {
  test('have related rows and columns of the server’s own, as a read has', async () => {
    for await (const rows of spec.live('people', { columns: ['id'], with: { posts: { columns: ['title'] } } })) {
      expectTypeOf(rows).toEqualTypeOf<readonly { id: number; posts: { title: string }[] }[]>()
    }
    for await (const rows of spec.live('articles', { columns: ['id'], computed: ['words'] })) {
      expectTypeOf(rows).toEqualTypeOf<readonly { id: string; words: number }[]>()
    }
    // @ts-expect-error misspelt
    void spec.live('people', { with: { psts: true } })
    // @ts-expect-error misspelt
    void spec.live('people', { with: { posts: { columns: ['titel'] } } })
  })
})

describe('rows one by one', () => {
  test('have the type that a page has', async () => {
    for await (const row of spec.stream('people', { columns: ['name'], pageSize: 50, after: 7, limit: 1_000 })) {
      expectTypeOf(row).toEqualTypeOf<{ name: string }>()
    }
    // @ts-expect-error a stream has no offset
    void spec.stream('people', { offset: 10 })
    // @ts-expect-error a stream counts nothing
    void spec.stream('people', { total: true })
    // @ts-expect-error a stream goes forward
    void spec.stream('people', { before: 7 })
  })

  test('come with their place', async () => {
    const found = await spec.rowNumber('articles', 5n, { sort: '-words', columns: ['title'], where: { first: 'A' } })
    expectTypeOf(found).toEqualTypeOf<{
      readonly row: { title: string }
      readonly rowNumber: number
      readonly total: number
    } | null>()
    // @ts-expect-error a number
    void spec.rowNumber('people', 'x')
  })
})

describe('cursors', () => {
  test('are opaque, or a key', async () => {
    const page = await spec.read('people', { after: 'opaque' })
    expectTypeOf(page.next).toEqualTypeOf<string | undefined>()
    expectTypeOf(page.truncated).toEqualTypeOf<readonly string[] | undefined>()
    void spec.read('people', { before: 5 })
    // @ts-expect-error neither
    void spec.read('people', { after: true })
    // @ts-expect-error neither
    void spec.read('people', { before: { id: 5 } })
  })
})

describe('columns of the server’s own', () => {
  test('have the type of their sql, as JSON carries it', async () => {
    const { data } = await spec.read('articles', {
      columns: ['id'],
      computed: ['words', 'first', 'seen', 'size', 'raw'],
    })
    expectTypeOf(data).toEqualTypeOf<
      { id: string; words: number; first: string | null; seen: string; size: string; raw: unknown }[]
    >()
  })

  test('come beside all the others when only they are named', async () => {
    const row = await spec.get('articles', 1, { computed: ['words'] })
    expectTypeOf(row).toEqualTypeOf<{
      id: string
      authorId: number
      title: string
      tags: string[]
      published: boolean
      words: number
    } | null>()
    // @ts-expect-error not of this entity
    void spec.get('people', 1, { computed: ['words'] })
    // @ts-expect-error not a computed one
    void spec.get('articles', 1, { computed: ['title'] })
  })

  test('have no place in writes and subscriptions', () => {
    // @ts-expect-error only Postgres can decide it
    void spec.subscribe('articles', { where: { words: 3 } })
    // @ts-expect-error it is not in the change
    void spec.subscribe('articles', { columns: ['words'] })
    // @ts-expect-error it is not stored
    void spec.update('articles', 1, { words: 3 })
    // @ts-expect-error nor compared with
    void spec.update('articles', 1, { title: 'x' }, { if: { words: 3 } })
  })
})

describe('operators of the server’s own', () => {
  test('are taken by name, in either form', () => {
    void spec.read('people', { operators: { nearby: 5, adult: true } })
    void spec.read('people', { operators: [{ name: 'adult' }, { name: 'nearby', value: [1, 2] }] })
    void spec.count('people', { age: 5 }, { operators: { adult: true } })
    void spec.aggregate('people', { fields: { n: { fn: 'count' } }, operators: { adult: true } })
    // @ts-expect-error misspelt
    void spec.read('people', { operators: { nearbly: 5 } })
    // @ts-expect-error misspelt
    void spec.read('people', { operators: [{ name: 'nearbly' }] })
    // @ts-expect-error this entity has none
    void spec.read('articles', { operators: { nearby: 5 } })
    // @ts-expect-error only Postgres can decide it
    void spec.subscribe('people', { operators: { adult: true } })
  })
})

describe('figures', () => {
  test('are numbers of floats, strings of what is exact, and null of nothing', async () => {
    const figures = await spec.aggregate('everything', {
      fields: {
        n: { fn: 'count', column: 'place' },
        whole: { fn: 'sum', column: 'byDefault' },
        big: { fn: 'avg', column: 'big' },
        price: { fn: 'sum', column: 'priceNumber' },
        ratio: { fn: 'avg', column: 'ratio' },
        exact: { fn: 'sum', column: 'exact' },
        last: { fn: 'max', column: 'at' },
        least: { fn: 'min', column: 'exact' },
        colour: { fn: 'min', column: 'colour' },
      },
    })
    expectTypeOf(figures).toEqualTypeOf<{
      n: number
      whole: string | null
      big: string | null
      price: string | null
      ratio: number | null
      exact: number | null
      last: string | null
      least: number | null
      colour: 'red' | 'blue' | null
    }>()
  })

  test('come after the columns of their group, by which and by themselves they are sorted', async () => {
    const groups = await spec.aggregate('people', {
      fields: { n: { fn: 'count' } },
      groupBy: ['status', 'age'],
      sort: ['-n', 'status'],
      limit: 5,
    })
    expectTypeOf(groups).toEqualTypeOf<{ status: 'active' | 'inactive'; age: number | null; n: number }[]>()
    const own = await spec.aggregate('articles', {
      fields: { sum: { fn: 'sum', column: 'words' } },
      groupBy: ['first'],
    })
    expectTypeOf(own).toEqualTypeOf<{ first: string | null; sum: string | number | null }[]>()
    // @ts-expect-error neither a figure nor a column of the group
    void spec.aggregate('people', { fields: { n: { fn: 'count' } }, groupBy: ['status'], sort: '-age' })
  })

  test('are of columns that have them', () => {
    // @ts-expect-error a time has no sum
    void spec.aggregate('everything', { fields: { x: { fn: 'sum', column: 'at' } } })
    // @ts-expect-error a list has no greatest
    void spec.aggregate('everything', { fields: { x: { fn: 'max', column: 'bigs' } } })
    // @ts-expect-error a boolean has no least
    void spec.aggregate('articles', { fields: { x: { fn: 'min', column: 'published' } } })
    // @ts-expect-error an average of what?
    void spec.aggregate('people', { fields: { x: { fn: 'avg' } } })
    // @ts-expect-error hidden
    void spec.aggregate('people', { fields: { x: { fn: 'count', column: 'passwordHash' } } })
    // @ts-expect-error it has no columns to choose
    void spec.aggregate('people', { fields: { x: { fn: 'count' } }, columns: ['id'] })
  })
})

describe('related rows in writes', () => {
  test('come back as rows, and only those that were written', async () => {
    const made = await spec.create('people', { tenantId: 1, name: 'x', posts: [{ title: 'y' }] })
    expectTypeOf(made.posts).toEqualTypeOf<Row<'articles'>[]>()
    const plain = await spec.create('people', { tenantId: 1, name: 'x' })
    expectTypeOf(plain).toEqualTypeOf<Row<'people'>>()
    const many = await spec.create('people', [{ tenantId: 1, name: 'x', posts: [{ title: 'y' }] }])
    expectTypeOf(many[0]?.posts[0]?.title).toEqualTypeOf<string | undefined>()
    // @ts-expect-error none was written
    plain.posts
  })

  test('stand in for the key that they give', async () => {
    const post = await spec.create('articles', { title: 'y', author: { tenantId: 1, name: 'x' } })
    expectTypeOf(post.author.name).toEqualTypeOf<string>()
    // @ts-expect-error neither the key nor the row that it names
    void spec.create('articles', { title: 'y' })
    // @ts-expect-error a title is needed all the same
    void spec.create('articles', { author: { tenantId: 1, name: 'x' } })
    // @ts-expect-error and the row needs its name
    void spec.create('articles', { title: 'y', author: { tenantId: 1 } })
  })

  test('have no column that is not there, however deep', () => {
    // @ts-expect-error misspelt
    void spec.create('people', { tenantId: 1, name: 'x', posts: [{ title: 'y', titel: 'y' }] })
    // @ts-expect-error misspelt, in the second
    void spec.create('people', { tenantId: 1, name: 'x', posts: [{ title: 'y' }, { title: 'y', titel: 'y' }] })
    // @ts-expect-error misspelt, two down
    void spec.create('articles', { title: '', author: { tenantId: 1, name: '', posts: [{ titel: '', title: '' }] } })
    // @ts-expect-error not of the type of its column
    void spec.create('people', { tenantId: 1, name: 'x', posts: [{ title: 5 }] })
    // @ts-expect-error a list
    void spec.create('people', { tenantId: 1, name: 'x', posts: { title: 'y' } })
    // @ts-expect-error one row
    void spec.create('articles', { title: 'y', author: [{ tenantId: 1, name: 'x' }] })
    // @ts-expect-error a new row has only new rows
    void spec.create('people', { tenantId: 1, name: 'x', posts: [{ _request: 'delete', id: 1 }] })
    const row = { tenantId: 1, name: 'x', emial: 'y' }
    // @ts-expect-error misspelt, in a variable
    void spec.create('people', row)
  })

  test('say in an update what is done to them', async () => {
    const changed = await spec.update('people', 1, {
      name: 'x',
      posts: [{ _request: 'update', id: 1n, title: 'y' }, { _request: 'delete', id: 2 }, { title: 'new' }],
    })
    expectTypeOf(changed.posts).toEqualTypeOf<Row<'articles'>[]>()
    const patched = await spec.update('people', [{ id: 1, posts: [{ title: 'y' }] }])
    expectTypeOf(patched[0]?.posts[0]?.title).toEqualTypeOf<string | undefined>()
    void spec.update('articles', 1, { author: { _request: 'update', name: 'x' } })
    // @ts-expect-error which one?
    void spec.update('people', 1, { posts: [{ _request: 'update', title: 'y' }] })
    // @ts-expect-error which one?
    void spec.update('people', 1, { posts: [{ _request: 'delete' }] })
    // @ts-expect-error misspelt
    void spec.update('people', 1, { posts: [{ _request: 'update', id: 1, titel: 'y' }] })
    // @ts-expect-error the row itself is updated: that is said already
    void spec.update('people', 1, { _request: 'update', name: 'x' })
  })
})

describe('conditions of a write', () => {
  test('name columns, with the values that these may hold', () => {
    void spec.create('people', { tenantId: 1, name: 'x' }, { onConflict: { columns: ['email'], do: 'nothing' } })
    void spec.delete('people', 1, { if: { age: null, createdAt: new Date() } })
    // @ts-expect-error no such action
    void spec.create('people', { tenantId: 1, name: 'x' }, { onConflict: { columns: ['email'], do: 'replace' } })
    // @ts-expect-error hidden
    void spec.create('people', { tenantId: 1, name: 'x' }, { onConflict: { columns: ['passwordHash'], do: 'update' } })
    // @ts-expect-error a number or null
    void spec.delete('people', 1, { if: { age: 'old' } })
    // @ts-expect-error of many rows each would need its own
    void spec.delete('people', [1, 2], { if: { age: null } })
  })
})

describe('a batch', () => {
  test('gives what was built: objects, lists and plain values', async () => {
    const made = await spec.batch((b) => {
      const user = b.create('people', { tenantId: 1, name: 'x', posts: [{ title: 'y' }] })
      return {
        title: user,
        pair: [user, b.delete('articles', 1)],
        deep: { rows: b.update('articles', [{ id: 1, title: 'y' }]), n: 5 },
      }
    })
    expectTypeOf(made.title.posts[0]?.title).toEqualTypeOf<string | undefined>()
    expectTypeOf(made.pair[1]).toEqualTypeOf<void>()
    expectTypeOf(made.pair.length).toEqualTypeOf<2>()
    expectTypeOf(made.deep.rows).toEqualTypeOf<Row<'articles'>[]>()
    expectTypeOf(await spec.batch((b) => b.create('people', { tenantId: 1, name: 'x' }))).toEqualTypeOf<Row<'people'>>()
  })

  test('takes references where their values may stand, keys and conditions among them', () => {
    void spec.batch((b) => {
      const user = b.create('people', { tenantId: 1, name: 'x' })
      const post = b.create('articles', { title: user.ref('name'), authorId: user.ref('id') })
      b.update('articles', post.ref('id'), { title: user.ref('name') }, { if: { authorId: user.ref('id') } })
      b.delete('people', user.ref('id'))
      b.create('people', { tenantId: user.ref('tenantId'), name: 'x', posts: [{ title: user.ref('name') }] })
      // @ts-expect-error may be null, which a name is not
      b.create('people', { tenantId: 1, name: user.ref('email') })
      // @ts-expect-error text is no number
      b.update('people', user.ref('name'), { name: 'x' })
      // @ts-expect-error a row is no value
      b.create('articles', { title: 'y', authorId: user })
      // @ts-expect-error hidden
      user.ref('passwordHash')
      // @ts-expect-error of many rows there is no one value
      b.create('articles', [{ title: 'y', authorId: 1 }]).ref('id')
      // @ts-expect-error what is deleted has none
      b.delete('people', 1).ref('id')
      // @ts-expect-error misspelt
      b.create('people', { tenantId: 1, name: 'x', emial: 'y' })
      // @ts-expect-error a write of a batch has no time of its own
      b.create('people', { tenantId: 1, name: 'x' }, { timeoutMs: 5 })
    })
  })

  test('lends its references to no other call', () => {
    void spec.batch((b) => {
      const user = b.create('people', { tenantId: 1, name: 'x' })
      // @ts-expect-error there is no batch here
      void spec.create('articles', { title: 'y', authorId: user.ref('id') })
    })
  })
})

test('a view is read in every way, and written in none', async () => {
  const figures = await spec.aggregate('activeUsers', { fields: { sum: { fn: 'sum', column: 'letters' } } })
  expectTypeOf(figures.sum).toEqualTypeOf<string | number | null>()
  // @ts-expect-error read-only
  void spec.batch((b) => b.create('activeUsers', { id: 1, name: 'x' }))
})

test('a client without a type takes relations, figures and batches of any name', async () => {
  const loose = await connect('mqtt://localhost')
  const { data } = await loose.read('anything', {
    with: { any: { columns: ['x'], with: { deep: true } } },
    after: '~x',
  })
  expectTypeOf(data[0]?.other).toBeUnknown()
  const row = await loose.create('anything', { any: 'value', list: [{ x: 1 }] })
  expectTypeOf(row.other).toBeUnknown()
  void loose.aggregate('anything', { fields: { n: { fn: 'sum', column: 'x' } }, groupBy: ['y'], operators: { z: 1 } })
  void loose.batch((b) => ({ x: b.create('anything', { any: b.create('other', {}).ref('id') }) }))
})
