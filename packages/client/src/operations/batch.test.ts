import { describe, expect, test } from 'vitest'
import { connect } from '../connect.ts'
import { type Received, ScriptedServer } from '../testing/scripted-server.ts'

interface Operation {
  readonly operation: string
  readonly entity: string
  readonly data?: unknown
}

const operations = ({ data }: Received) => (data as { operations: Operation[] }).operations

/** Stores whatever comes, with the place of its operation as id. */
const storeAll = (message: Received) => ({
  data: operations(message).map(({ operation, data }, id) => {
    if (operation === 'delete') return { deleted: true }
    return Array.isArray(data) ? data.map((row: object) => ({ ...row, id })) : { ...(data as object), id }
  }),
})

describe('a batch', () => {
  test('is one message, whose operations are in the order of the calls', async () => {
    await using server = await ScriptedServer.start(storeAll)
    await using spec = await connect(server.url)
    await spec.batch((b) => {
      const user = b.create('users', { name: 'Ann' }, { onConflict: { columns: ['email'], do: 'update' } })
      const post = b.create('posts', { authorId: user.ref('id'), tags: [{ tagId: user.ref('tag') }] })
      b.update('posts', post.ref('id'), { at: new Date(0) }, { if: { authorId: user.ref('id') } })
      b.update('posts', [{ id: 1, title: 'x' }])
      b.delete('members', { userId: user.ref('id'), groupId: 2 }, { if: { note: null } })
      b.delete('users', [8, 9])
    })
    expect(server.received).toHaveLength(1)
    const [message] = server.received
    expect(message).toMatchObject({ type: 'request', operation: 'batch' })
    expect(message).not.toHaveProperty('entity')
    expect(message && operations(message)).toEqual([
      {
        operation: 'create',
        entity: 'users',
        data: { name: 'Ann' },
        options: { on_conflict: { columns: ['email'], do: 'update' } },
      },
      {
        operation: 'create',
        entity: 'posts',
        data: { authorId: { $ref: [0, 'id'] }, tags: [{ tagId: { $ref: [0, 'tag'] } }] },
      },
      {
        operation: 'update',
        entity: 'posts',
        record_id: { $ref: [1, 'id'] },
        data: { at: '1970-01-01T00:00:00.000Z' },
        options: { if: { authorId: { $ref: [0, 'id'] } } },
      },
      { operation: 'update', entity: 'posts', data: [{ id: 1, title: 'x' }] },
      {
        operation: 'delete',
        entity: 'members',
        record_id: { userId: { $ref: [0, 'id'] }, groupId: 2 },
        options: { if: { note: null } },
      },
      { operation: 'delete', entity: 'users', record_id: 8 },
      { operation: 'delete', entity: 'users', record_id: 9 },
    ])
  })

  test('gives what was built, with what each write came to in its place', async () => {
    await using server = await ScriptedServer.start(storeAll)
    await using spec = await connect(server.url)
    const at = new Date(0)
    const made = await spec.batch((b) => {
      const user = b.create('users', { name: 'Ann' })
      const deleted = b.delete('posts', [1, 2, 3])
      const many = b.create('users', [{ name: 'Bob' }, { name: 'Eve' }])
      return {
        user,
        list: [user, b.update('users', 1, { name: 'x' })],
        deep: { deleted, one: b.delete('posts', 4) },
        many,
        at,
      }
    })
    expect(made).toEqual({
      user: { name: 'Ann', id: 0 },
      list: [
        { name: 'Ann', id: 0 },
        { name: 'x', id: 5 },
      ],
      deep: { deleted: 3, one: undefined },
      many: [
        { name: 'Bob', id: 4 },
        { name: 'Eve', id: 4 },
      ],
      at,
    })
  })

  test('of one write gives its row, and of nothing asks nothing', async () => {
    await using server = await ScriptedServer.start(storeAll)
    await using spec = await connect(server.url)
    expect(await spec.batch((b) => b.create('users', { name: 'Ann' }))).toEqual({ name: 'Ann', id: 0 })
    expect(await spec.batch((b) => ({ gone: b.delete('users', []), n: 1 }))).toEqual({ gone: 0, n: 1 })
    expect(server.received).toHaveLength(1)
  })

  test('that is refused rejects with the place of the write', async () => {
    await using server = await ScriptedServer.start(() => ({
      success: false,
      error: { code: 'conflict', message: 'taken', details: { index: 1 } },
    }))
    await using spec = await connect(server.url)
    await expect(spec.batch((b) => [b.create('users', {}), b.create('users', {})])).rejects.toMatchObject({
      code: 'conflict',
      details: { index: 1 },
    })
  })

  test('without an answer may have been carried out', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url)
    await expect(spec.batch((b) => b.create('users', {}), { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'timeout',
      details: { outcome: 'unknown' },
    })
  })

  test('takes no reference of another, where it would be another row', async () => {
    await using server = await ScriptedServer.start(storeAll)
    await using spec = await connect(server.url)
    const elsewhere: { ref?: unknown } = {}
    await spec.batch((b) => {
      elsewhere.ref = b.create('users', {}).ref('id')
    })
    const reuse = spec.batch((b) => {
      b.create('posts', { nested: [{ authorId: elsewhere.ref }] })
    })
    await expect(reuse).rejects.toMatchObject({ code: 'invalid_data' })
    expect(server.received).toHaveLength(1)
  })

  test('is built at once: a promise, whose writes would come too late, is refused', async () => {
    await using server = await ScriptedServer.start(storeAll)
    await using spec = await connect(server.url)
    await expect(spec.batch(async (b) => b.create('users', {}))).rejects.toMatchObject({ code: 'invalid_data' })
    expect(server.received).toEqual([])
  })
})
