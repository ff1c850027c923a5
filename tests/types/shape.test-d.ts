import { describe, expectTypeOf, test } from 'vitest'
import type { EntityKey, EntityOf } from '../../packages/server/src/entity/infer/entity-of.ts'
import type * as schema from './schema.ts'

type Schema = typeof schema
type Users = EntityOf<Schema, 'users', 'passwordHash', 'tenantId'>
type Posts = EntityOf<Schema, 'posts'>
type Everything = EntityOf<Schema, 'everything'>
type Row = Everything['row']

describe('a row', () => {
  test('has every column but the hidden ones, nullable unless not null', () => {
    expectTypeOf<Users['row']>().toEqualTypeOf<{
      id: number
      tenantId: number
      name: string
      email: string | null
      age: number | null
      status: 'active' | 'inactive'
      role: 'admin' | 'member'
      prefs: { theme: 'dark' | 'light'; size?: number }
      createdAt: string
    }>()
  })

  test('tells bigint and numeric as strings, whatever their mode', () => {
    expectTypeOf<Row['big']>().toEqualTypeOf<string>()
    expectTypeOf<Row['bigNumber']>().toEqualTypeOf<string>()
    expectTypeOf<Row['price']>().toEqualTypeOf<string>()
    expectTypeOf<Row['priceNumber']>().toEqualTypeOf<string>()
    expectTypeOf<Posts['row']['id']>().toEqualTypeOf<string>()
  })

  test('tells dates and times as strings, whatever their mode', () => {
    expectTypeOf<Row['day']>().toEqualTypeOf<string>()
    expectTypeOf<Row['dayText']>().toEqualTypeOf<string>()
    expectTypeOf<Row['at']>().toEqualTypeOf<string>()
    expectTypeOf<Row['atText']>().toEqualTypeOf<string>()
    expectTypeOf<Row['clock']>().toEqualTypeOf<string>()
  })

  test('tells floats as numbers, bytes as base64, and what Postgres writes as text as string', () => {
    expectTypeOf<Row['ratio']>().toEqualTypeOf<number>()
    expectTypeOf<Row['exact']>().toEqualTypeOf<number>()
    expectTypeOf<Row['bytes']>().toEqualTypeOf<string>()
    expectTypeOf<Row['place']>().toEqualTypeOf<string | null>()
    expectTypeOf<Row['insensitive']>().toEqualTypeOf<string>()
  })

  test('does not promise what a driver would have made of a custom type or of JSON', () => {
    expectTypeOf<Row['money']>().toEqualTypeOf<unknown>()
    expectTypeOf<Row['anything']>().toEqualTypeOf<unknown>()
  })

  test('has arrays of what the elements are on the wire', () => {
    expectTypeOf<Row['bigs']>().toEqualTypeOf<string[]>()
    expectTypeOf<Row['times']>().toEqualTypeOf<string[] | null>()
    expectTypeOf<Row['grid']>().toEqualTypeOf<number[][] | null>()
    expectTypeOf<Row['moods']>().toEqualTypeOf<('good' | 'bad')[] | null>()
    expectTypeOf<Posts['row']['tags']>().toEqualTypeOf<string[]>()
  })

  test('of a view has the selected columns and computed ones', () => {
    expectTypeOf<EntityOf<Schema, 'activeUsers'>['row']>().toEqualTypeOf<{
      id: number
      name: string
      letters: number | null
    }>()
    expectTypeOf<EntityOf<Schema, 'totals'>['row']>().toEqualTypeOf<{ day: string; amount: string | null }>()
  })

  test('is spelled as the database does when the server says so', () => {
    type Spelled = EntityOf<Schema, 'users', 'password_hash', 'tenant_id', 'database'>
    expectTypeOf<keyof Spelled['row']>().toEqualTypeOf<
      'id' | 'tenant_id' | 'name' | 'email' | 'age' | 'status' | 'role' | 'prefs' | 'created_at'
    >()
    expectTypeOf<keyof Spelled['insert']>().toEqualTypeOf<
      'id' | 'name' | 'email' | 'age' | 'status' | 'role' | 'prefs' | 'created_at'
    >()
  })
})

describe('an insert', () => {
  test('requires what is not null without a default, and has no hidden or stamped column', () => {
    expectTypeOf<Users['insert']>().toEqualTypeOf<{
      name: string
      id?: number | undefined
      email?: string | null | undefined
      age?: number | null | undefined
      status?: 'active' | 'inactive' | undefined
      role?: 'admin' | 'member' | undefined
      prefs?: { theme: 'dark' | 'light'; size?: number } | undefined
      createdAt?: Date | string | undefined
    }>()
  })

  test('has no column that is generated always', () => {
    expectTypeOf<Everything['insert']>().not.toHaveProperty('always')
    expectTypeOf<Everything['insert']>().not.toHaveProperty('doubled')
    expectTypeOf<Everything['insert']>().toHaveProperty('byDefault')
  })

  test('takes what Drizzle takes or what the wire carries', () => {
    expectTypeOf<Everything['insert']['big']>().toEqualTypeOf<bigint | number | string>()
    expectTypeOf<Everything['insert']['price']>().toEqualTypeOf<bigint | number | string>()
    expectTypeOf<Everything['insert']['at']>().toEqualTypeOf<Date | string>()
    expectTypeOf<Everything['insert']['bytes']>().toEqualTypeOf<Uint8Array | string>()
    expectTypeOf<Everything['insert']['colour']>().toEqualTypeOf<'red' | 'blue'>()
    expectTypeOf<Everything['insert']['bigs']>().toEqualTypeOf<(bigint | number | string)[]>()
  })

  test('of a view does not exist', () => {
    expectTypeOf<EntityOf<Schema, 'activeUsers'>['insert']>().toBeNever()
    expectTypeOf<EntityOf<Schema, 'totals'>['update']>().toBeNever()
  })
})

describe('an update', () => {
  test('has every writable column but the key, all optional', () => {
    expectTypeOf<EntityOf<Schema, 'posts'>['update']>().toEqualTypeOf<{
      authorId?: number | undefined
      title?: string | undefined
      tags?: string[] | undefined
      published?: boolean | undefined
    }>()
    expectTypeOf<Users['update']>().not.toHaveProperty('tenantId')
    expectTypeOf<Users['update']>().not.toHaveProperty('passwordHash')
  })

  test('of many requires the key of each row', () => {
    expectTypeOf<Posts['patch']['id']>().toEqualTypeOf<bigint | number | string>()
    // @ts-expect-error the key is missing
    const patch: Posts['patch'] = { title: 'x' }
    void patch
  })
})

describe('a key', () => {
  test('is the value of the column that is the primary key', () => {
    expectTypeOf<Users['key']>().toEqualTypeOf<number>()
    expectTypeOf<Everything['key']>().toEqualTypeOf<string>()
  })

  test('may be sent as more than it comes back as', () => {
    expectTypeOf<Posts['key']>().toEqualTypeOf<bigint | number | string>()
    expectTypeOf<Posts['rowKey']>().toEqualTypeOf<string>()
  })

  test('of more than one column is an object of columns', () => {
    expectTypeOf<EntityOf<Schema, 'memberships'>['key']>().toEqualTypeOf<{
      userId?: number
      groupId?: number
      note?: string
    }>()
  })
})

describe('relations', () => {
  test('lead to the key of the schema object, to many rows or one', () => {
    expectTypeOf<Users['relations']['posts']>().toEqualTypeOf<{ readonly entity: 'posts'; readonly many: true }>()
    expectTypeOf<Posts['relations']>().toEqualTypeOf<{
      readonly author: { readonly entity: 'users'; readonly many: false }
    }>()
  })

  test('are none for a table without relations()', () => {
    expectTypeOf<keyof EntityOf<Schema, 'everything'>['relations']>().toBeNever()
  })
})

test('only tables and views of a schema can be entities', () => {
  expectTypeOf<EntityKey<Schema>>().toEqualTypeOf<
    'users' | 'posts' | 'everything' | 'memberships' | 'activeUsers' | 'totals'
  >()
})
