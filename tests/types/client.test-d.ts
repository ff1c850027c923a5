import type { SpecClient } from '@mqttspec/client'
import { connect } from '@mqttspec/client'
import type { HasShape, ShapeOf } from '@mqttspec/protocol'
import { describe, expectTypeOf, test } from 'vitest'
import type { EntityOf } from '../../packages/server/src/entity/infer/entity-of.ts'
import type * as schema from './schema.ts'

type Schema = typeof schema

declare const api: HasShape<{
  users: EntityOf<Schema, 'users', 'passwordHash', 'tenantId'>
  posts: EntityOf<Schema, 'posts'>
  everything: EntityOf<Schema, 'everything'>
  memberships: EntityOf<Schema, 'memberships'>
  activeUsers: EntityOf<Schema, 'activeUsers'>
}>

declare const spec: SpecClient<ShapeOf<typeof api>>

describe('connect', () => {
  test('takes the type of a server, and gives a client of its entities', () => {
    expectTypeOf(connect<typeof api>).returns.resolves.toEqualTypeOf<typeof spec>()
  })

  test('without a type takes every name and value', async () => {
    const loose = await connect('mqtt://localhost')
    expectTypeOf(await loose.get('anything', 1)).toEqualTypeOf<{ [x: string]: unknown } | null>()
    void loose.read('anything', { where: { any: { gte: 1 } }, sort: '-any', columns: ['any'] })
    void loose.create('anything', { any: 'value' })
    void loose.update('anything', 1, { any: 'value' })
  })

  test('takes no type that is not a server', () => {
    // @ts-expect-error a schema is not a server
    void connect<Schema>('mqtt://localhost')
  })

  test('knows its options', () => {
    void connect<typeof api>('ws://localhost', { token: async () => 'jwt', qos: { notification: 0 } })
    void connect<typeof api>('ws://localhost', { username: 'broker', password: 'x', token: 'jwt', identify: true })
    // @ts-expect-error a write waits, or is kept
    void connect<typeof api>('ws://localhost', { offline: 'drop' })
    // @ts-expect-error there is no QoS 3
    void connect<typeof api>('ws://localhost', { qos: { request: 3 } })
    // @ts-expect-error the option is called clientId
    void connect<typeof api>('ws://localhost', { client_id: 'me' })
  })
})

describe('entity names', () => {
  test('are those of the server', () => {
    void spec.read('users')
    // @ts-expect-error no such entity
    void spec.read('user')
    // @ts-expect-error the table's name in the database is not its wire name
    void spec.read('app_posts')
    // @ts-expect-error no such entity
    void spec.subscribe('totals')
    // @ts-expect-error no such entity
    void spec.meta('totals')
    // @ts-expect-error no such entity
    void spec.count('nothing')
  })
})

describe('read', () => {
  test('gives whole rows, and no hidden column', async () => {
    const page = await spec.read('users')
    expectTypeOf(page.data).toEqualTypeOf<ShapeOf<typeof api>['users']['row'][]>()
    // @ts-expect-error hidden
    page.data[0]?.passwordHash
  })

  test('gives the columns that were asked for', async () => {
    const { data } = await spec.read('users', { columns: ['id', 'name'] })
    expectTypeOf(data).toEqualTypeOf<{ id: number; name: string }[]>()
    // @ts-expect-error not asked for
    data[0]?.email
  })

  test('leaves out the columns that were not wanted', async () => {
    const { data } = await spec.read('posts', { omitColumns: ['tags', 'published', 'authorId'] })
    expectTypeOf(data).toEqualTypeOf<{ id: string; title: string }[]>()
    const both = await spec.read('posts', { columns: ['id', 'title'], omitColumns: ['title'] })
    expectTypeOf(both.data).toEqualTypeOf<{ id: string }[]>()
  })

  test('takes no column that is not there', () => {
    // @ts-expect-error misspelt
    void spec.read('users', { columns: ['id', 'nmae'] })
    // @ts-expect-error hidden
    void spec.read('users', { columns: ['passwordHash'] })
    // @ts-expect-error misspelt
    void spec.read('users', { omitColumns: ['nmae'] })
  })

  test('gives a total only when it was asked for', async () => {
    expectTypeOf((await spec.read('users')).total).toEqualTypeOf<undefined>()
    expectTypeOf((await spec.read('users', { total: false })).total).toEqualTypeOf<undefined>()
    expectTypeOf((await spec.read('users', { total: true })).total).toEqualTypeOf<number>()
    expectTypeOf((await spec.read('users', { total: 'capped', columns: ['id'] })).total).toEqualTypeOf<number>()
    // @ts-expect-error no such way to count
    void spec.read('users', { total: 'about' })
  })

  test('tells values as JSON carries them', async () => {
    const [row] = (await spec.read('everything')).data
    if (!row) return
    expectTypeOf(row.big).toEqualTypeOf<string>()
    expectTypeOf(row.at).toEqualTypeOf<string>()
    // @ts-expect-error a string, not a Date
    row.at.getTime()
    // @ts-expect-error a string, not a bigint
    row.big * 2n
    // @ts-expect-error a string, not a number
    row.price.toFixed()
    // @ts-expect-error JSON of no known type
    row.anything.foo
  })

  test('takes no option that is not there', () => {
    // @ts-expect-error misspelt
    void spec.read('users', { limt: 10 })
    // @ts-expect-error a number
    void spec.read('users', { limit: '10' })
    // @ts-expect-error the wire's name; here it is omitColumns
    void spec.read('users', { omit_columns: ['id'] })
  })
})

describe('where', () => {
  test('takes values, null and comparisons, nested', () => {
    void spec.read('users', {
      where: {
        status: 'active',
        email: null,
        age: { gte: 18, lt: 65 },
        id: { in: [1, 2] },
        createdAt: { between: [new Date(), '2026-01-31'] },
        or: [{ name: { ilike: 'a%' } }, { not: { email: { startswith: 'bob' } } }],
        and: [{ role: { neq: 'admin' } }],
      },
    })
  })

  test('takes what Drizzle has or what the wire has', () => {
    void spec.read('everything', { where: { big: 1n, bigNumber: '1', at: new Date(), bytes: new Uint8Array() } })
    void spec.read('posts', { where: { id: { gt: 5 }, tags: { contains: 'news' } } })
  })

  test('takes no column that is not there, also beside one that is', () => {
    // @ts-expect-error misspelt
    void spec.read('users', { where: { nmae: 'Ann' } })
    // @ts-expect-error misspelt, beside one that is right
    void spec.read('users', { where: { name: 'Ann', nmae: 'Ann' } })
    // @ts-expect-error misspelt, nested
    void spec.read('users', { where: { or: [{ name: 'Ann' }, { nmae: 'Ann' }] } })
    // @ts-expect-error misspelt, nested
    void spec.read('users', { where: { not: { nmae: 'Ann' } } })
    // @ts-expect-error hidden
    void spec.count('users', { passwordHash: 'x' })
  })

  test('takes no value that the column cannot hold', () => {
    // @ts-expect-error a number
    void spec.read('users', { where: { age: '18' } })
    // @ts-expect-error none of its values
    void spec.read('users', { where: { status: 'gone' } })
    // @ts-expect-error a list
    void spec.read('users', { where: { id: { in: 1 } } })
    // @ts-expect-error two values
    void spec.read('users', { where: { age: { between: [1] } } })
    // @ts-expect-error a comparison with null has an operator of its own
    void spec.read('users', { where: { age: { eq: null } } })
    // @ts-expect-error undefined would read as no filter
    void spec.read('users', { where: { age: undefined } })
    // @ts-expect-error the element of an array column
    void spec.read('posts', { where: { tags: { contains: 1 } } })
  })

  test('takes no operator that is not there', () => {
    // @ts-expect-error the operator is gte
    void spec.read('users', { where: { age: { ge: 18 } } })
    // @ts-expect-error the operator is in
    void spec.read('users', { where: { age: { $in: [1] } } })
  })

  test('reaches into JSON by path, and compares JSON by eq only', () => {
    void spec.read('users', {
      where: { 'prefs.theme': 'dark', 'prefs.size': { gt: 1 }, prefs: { eq: { theme: 'dark' } } },
    })
    // @ts-expect-error not a JSON column
    void spec.read('users', { where: { 'name.first': 'Ann' } })
    // @ts-expect-error reads as comparisons
    void spec.read('users', { where: { prefs: { theme: 'dark' } } })
  })

  test('may be the filters of the wire, typed too', () => {
    void spec.read('users', {
      filters: [
        { column: 'status', operator: 'eq', value: 'active' },
        {
          or: [{ column: 'age', operator: 'is_null' }, { not: { column: 'prefs.theme', operator: 'eq', value: 'x' } }],
        },
        { column: 'name', operator: 'ilike', value: 'a%', logic_operator: 'OR' },
      ],
    })
    // @ts-expect-error misspelt
    void spec.read('users', { filters: [{ column: 'nmae', operator: 'eq', value: 1 }] })
    // @ts-expect-error no such operator
    void spec.read('users', { filters: [{ column: 'name', operator: 'is', value: 1 }] })
  })
})

describe('sort', () => {
  test('takes columns, descending with a minus, or in full', () => {
    void spec.read('users', { sort: '-createdAt' })
    void spec.read('users', { sort: ['-createdAt', 'name', { column: 'age', direction: 'desc', nulls: 'last' }] })
  })

  test('takes nothing else', () => {
    // @ts-expect-error misspelt
    void spec.read('users', { sort: '-created' })
    // @ts-expect-error misspelt
    void spec.read('users', { sort: ['name', '+age'] })
    // @ts-expect-error no such direction
    void spec.read('users', { sort: [{ column: 'age', direction: 'down' }] })
    // @ts-expect-error hidden
    void spec.read('users', { sort: 'passwordHash' })
  })
})

describe('keys', () => {
  test('are those of the table', async () => {
    expectTypeOf(await spec.get('users', 1, { columns: ['name'] })).toEqualTypeOf<{ name: string } | null>()
    void spec.get('posts', 5n)
    void spec.get('posts', '5')
    void spec.get('memberships', { userId: 1, groupId: 2 })
    // @ts-expect-error a number
    void spec.get('users', 'one')
    // @ts-expect-error an object of its columns
    void spec.get('memberships', 1)
    // @ts-expect-error no such column
    void spec.get('memberships', { userId: 1, group: 2 })
    // @ts-expect-error null names no row
    void spec.get('users', null)
  })
})

describe('create', () => {
  test('takes one row or many, and gives what was stored', async () => {
    expectTypeOf(await spec.create('users', { name: 'Ann' })).toEqualTypeOf<ShapeOf<typeof api>['users']['row']>()
    expectTypeOf(await spec.create('posts', [{ authorId: 1, title: 'x' }])).toEqualTypeOf<
      ShapeOf<typeof api>['posts']['row'][]
    >()
    void spec.create('users', { id: 7, name: 'Ann', email: null, createdAt: new Date() })
  })

  test('may be kept without a connection, as all writes may, and no read', () => {
    void spec.create('users', { name: 'Ann' }, { offline: 'queue' })
    void spec.update('users', [{ id: 1, name: 'Ann' }], { offline: 'queue' })
    void spec.delete('users', [1, 2], { offline: 'wait' })
    void spec.batch((b) => b.delete('users', 1), { offline: 'queue' })
    expectTypeOf(spec.keptWrites).toBeNumber()
    // @ts-expect-error a read is not kept
    void spec.read('users', { offline: 'queue' })
  })

  test('requires what has no default', () => {
    // @ts-expect-error name is missing
    void spec.create('users', {})
    // @ts-expect-error title is missing in the second
    void spec.create('posts', [{ authorId: 1, title: 'x' }, { authorId: 1 }])
  })

  test('takes no column that is hidden, stamped or generated', () => {
    // @ts-expect-error hidden
    void spec.create('users', { name: 'Ann', passwordHash: 'x' })
    // @ts-expect-error stamped by the server
    void spec.create('users', { name: 'Ann', tenantId: 1 })
    // @ts-expect-error misspelt
    void spec.create('users', { name: 'Ann', emial: 'x' })
  })

  test('takes no value that the column cannot hold', () => {
    // @ts-expect-error not null
    void spec.create('users', { name: null })
    // @ts-expect-error none of its values
    void spec.create('users', { name: 'Ann', role: 'king' })
    // @ts-expect-error not of the type that the column was given
    void spec.create('users', { name: 'Ann', prefs: { theme: 'pink' } })
  })

  test('does not work on a view', () => {
    // @ts-expect-error read-only
    void spec.create('activeUsers', { id: 1, name: 'Ann' })
    // @ts-expect-error read-only
    void spec.update('activeUsers', 1, { name: 'Ann' })
  })
})

describe('update', () => {
  test('changes one row by key, on condition', async () => {
    const row = await spec.update('users', 1, { status: 'inactive' }, { if: { status: 'active', email: null } })
    expectTypeOf(row.status).toEqualTypeOf<'active' | 'inactive'>()
    // @ts-expect-error the key is not writable
    void spec.update('users', 1, { id: 2 })
    // @ts-expect-error stamped by the server
    void spec.update('users', 1, { tenantId: 2 })
    // @ts-expect-error misspelt
    void spec.update('users', 1, { stauts: 'active' })
    // @ts-expect-error misspelt
    void spec.update('users', 1, { status: 'active' }, { if: { stauts: 'active' } })
  })

  test('changes many rows, each with its key', async () => {
    const rows = await spec.update('posts', [{ id: '1', title: 'x' }])
    expectTypeOf(rows).toEqualTypeOf<ShapeOf<typeof api>['posts']['row'][]>()
    // @ts-expect-error the key is missing
    void spec.update('posts', [{ title: 'x' }])
  })
})

describe('delete', () => {
  test('takes a key, or many', async () => {
    expectTypeOf(await spec.delete('users', 1)).toEqualTypeOf<void>()
    expectTypeOf(await spec.delete('users', [1, 2])).toEqualTypeOf<number>()
    expectTypeOf(await spec.delete('memberships', [{ userId: 1, groupId: 2 }])).toEqualTypeOf<number>()
    // @ts-expect-error a number
    void spec.delete('users', 'one')
    // @ts-expect-error numbers
    void spec.delete('users', ['one'])
  })
})

describe('live', () => {
  test('gives the rows that a read gives, each time', async () => {
    const live = spec.live('users', {
      where: { status: 'active' },
      sort: '-createdAt',
      limit: 5,
      columns: ['id', 'name'],
    })
    expectTypeOf(live.rows).toEqualTypeOf<readonly { id: number; name: string }[] | undefined>()
    expectTypeOf(live.ready).resolves.toBeVoid()
    for await (const rows of live) {
      expectTypeOf(rows).toEqualTypeOf<readonly { id: number; name: string }[]>()
      // @ts-expect-error not asked for
      rows[0]?.email
      // @ts-expect-error the list is not the reader's to change
      rows.push({ id: 1, name: '' })
    }
    for await (const rows of spec.live('posts')) {
      expectTypeOf(rows).toEqualTypeOf<readonly ShapeOf<typeof api>['posts']['row'][]>()
    }
  })

  test('takes what a read takes, but for its place among pages', () => {
    void spec.live('users', { signal: AbortSignal.timeout(5), timeoutMs: 5, offset: 5 })
    // @ts-expect-error misspelt
    void spec.live('users', { where: { nmae: 'x' } })
    // @ts-expect-error misspelt
    void spec.live('users', { sort: 'nmae' })
    // @ts-expect-error hidden
    void spec.live('users', { columns: ['passwordHash'] })
    // @ts-expect-error no such entity
    void spec.live('nothing')
    // @ts-expect-error a list that is kept has no page after
    void spec.live('users', { after: 5 })
    // @ts-expect-error it counts nothing
    void spec.live('users', { total: true })
  })
})

describe('subscribe', () => {
  test('yields events that type tells apart', async () => {
    for await (const event of spec.subscribe('posts', { where: { published: true }, columns: ['id', 'title'] })) {
      if (event.type === 'enter') expectTypeOf(event.data).toEqualTypeOf<{ id: string; title: string }>()
      if (event.type === 'update') expectTypeOf(event.changed).toEqualTypeOf<readonly ('id' | 'title')[]>()
      if (event.type === 'leave') expectTypeOf(event.data).toEqualTypeOf<{ id?: string; title?: string }>()
      if (event.type === 'reset') expectTypeOf(event.reason).toBeString()
      if (event.type === 'enter') expectTypeOf(event.operation).toEqualTypeOf<'create' | 'update' | 'snapshot'>()
      if (event.type !== 'reset' && event.type !== 'ready') expectTypeOf(event.key).toEqualTypeOf<string>()
      // @ts-expect-error a reset has no data
      event.data
      // @ts-expect-error no such event
      if (event.type === 'insert') return
    }
  })

  test('takes filters and columns of its entity, and no page', () => {
    // @ts-expect-error misspelt
    void spec.subscribe('users', { where: { nmae: 'x' } })
    // @ts-expect-error hidden
    void spec.subscribe('users', { columns: ['passwordHash'] })
    // @ts-expect-error a subscription has no limit
    void spec.subscribe('users', { limit: 10 })
    // @ts-expect-error a subscription has no order
    void spec.subscribe('users', { sort: 'id' })
  })
})
