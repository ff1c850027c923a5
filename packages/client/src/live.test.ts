import { describe, expect, test } from 'vitest'
import { connect } from './connect.ts'
import { type Received, ScriptedServer } from './testing/scripted-server.ts'
import { until } from './testing/until.ts'

const USERS = {
  primary_key: 'id',
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'name', type: 'text' },
  ],
  related: { posts: { entity: 'posts', many: true, on: [['id', 'authorId']] } },
}

interface Table extends ScriptedServer {
  rows: { id: number; name?: string }[]
  readonly ids: string[]
}

/** A server with one table and a change stream. */
async function table(): Promise<Table> {
  const ids: string[] = []
  const server: Table = Object.assign(
    await ScriptedServer.start((message: Received) => {
      if (message.operation === 'meta') return { data: USERS }
      if (message.operation === 'read') return { data: server.rows, metadata: { limit: 100, at: 'p' } }
      if (message.operation !== 'subscribe') return { data: {} }
      ids.push(server.nextSubscription())
      return { data: { subscription_id: ids.at(-1), at: 'p' } }
    }),
    { rows: [{ id: 1 }], ids },
  )
  return server
}

const enter = (seq: number, id: number) => ({
  operation: 'create',
  change: 'enter',
  key: id,
  data: { id },
  at: 'q',
  seq,
})
const forget = (seq: number) => ({ operation: 'reset', data: { reason: 'history' }, seq })
const reads = (server: ScriptedServer) => server.sent('read').length

describe('a live list', () => {
  test('is kept by what is told from where it was read, without another read', async () => {
    await using server = await table()
    await using spec = await connect(server.url, { clientId: 'me' })
    await using live = spec.live('users', { where: { id: { gt: 0 } }, columns: ['id'], limit: 10 })
    await until(() => server.ids.length === 1)
    expect(server.sent('subscribe')[0]?.options).toEqual({
      filters: [{ column: 'id', operator: 'gt', value: 0 }],
      columns: ['id'],
      since: 'p',
    })
    server.notify('me', server.ids[0] ?? '', enter(1, 5))
    await until(() => live.rows?.length === 2)
    expect([live.rows, reads(server)]).toEqual([[{ id: 1 }, { id: 5 }], 1])
  })

  test('asks once what its entity is made of, and anew on a new connection', async () => {
    await using server = await table()
    await using spec = await connect(server.url, { clientId: 'me' })
    await Promise.all([spec.live('users').ready, spec.live('users', { limit: 5 }).ready])
    expect(server.sent('meta')).toHaveLength(1)
    await until(() => server.ids.length === 2)
    server.cut()
    await until(() => server.ids.length >= 4)
    await spec.live('users', { limit: 6 }).ready
    expect(server.sent('meta')).toHaveLength(2)
  })

  test('that is told to read anew does, and goes on from there', async () => {
    await using server = await table()
    await using spec = await connect(server.url, { clientId: 'me' })
    await using live = spec.live('users')
    await until(() => server.ids.length === 1)
    server.rows = [{ id: 1 }, { id: 2 }]
    server.notify('me', server.ids[0] ?? '', forget(1))
    await until(() => live.rows?.length === 2 && server.ids.length === 2)
    expect(server.sent('unsubscribe')).toMatchObject([{ subscription_id: server.ids[0] }])
  })

  test('of a server that has always forgotten where a read was is read when something changes', async () => {
    await using server = await table()
    const { script } = server
    server.script = async (message) => {
      const answer = await script(message)
      const isSince = message.operation === 'subscribe' && message.options?.since !== undefined
      if (isSince) setTimeout(() => server.notify('me', server.ids.at(-1) ?? '', forget(1)), 5)
      return answer
    }
    await using spec = await connect(server.url, { clientId: 'me' })
    await using live = spec.live('users')
    await until(() => server.sent('subscribe').at(-1)?.options?.since === undefined && server.ids.length > 2)
    server.rows = [{ id: 1 }, { id: 2 }]
    server.notify('me', server.ids.at(-1) ?? '', enter(1, 2))
    await until(() => live.rows?.length === 2)
    expect(reads(server)).toBeLessThan(12)
  })

  test('of a server that takes no position is read when something changes', async () => {
    await using server = await table()
    const { script } = server
    server.script = (message) => {
      if (message.options?.since === undefined) return script(message)
      return {
        success: false,
        error: { code: 'invalid_options', message: 'no', details: { path: ['options', 'since'] } },
      }
    }
    await using spec = await connect(server.url, { clientId: 'me' })
    await using live = spec.live('users')
    await until(() => server.ids.length === 1)
    server.rows = []
    server.notify('me', server.ids[0] ?? '', { operation: 'delete', change: 'leave', key: 1, data: { id: 1 }, seq: 1 })
    await until(() => live.rows?.length === 0)
  })

  test('that has to be read is read by one read at a time, however much changes', async () => {
    await using server = await table()
    const { script } = server
    let [running, most] = [0, 0]
    server.script = async (message) => {
      if (message.operation !== 'read') return script(message)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 30))
      running--
      return script(message)
    }
    await using spec = await connect(server.url, { clientId: 'me', maxBufferedEvents: 5_000 })
    await using live = spec.live('users', { sort: 'name' })
    await live.ready
    for (let seq = 1; seq <= 2_000; seq++) {
      server.notify('me', server.ids[0] ?? '', enter(seq, seq))
      if (seq % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    server.rows = [{ id: 1 }, { id: 2 }]
    server.notify('me', server.ids[0] ?? '', enter(2_001, 2))
    await until(() => live.rows?.length === 2)
    expect(most).toBe(1)
    // One for each that came would be 2,000; how many there are otherwise depends on how long it took.
    expect(reads(server)).toBeLessThan(300)
  })

  test('goes on after what passes by itself, and ends with what does not', async () => {
    await using server = await table()
    await using spec = await connect(server.url, { clientId: 'me', timeoutMs: 2_000 })
    await using live = spec.live('users', { sort: 'name' })
    await live.ready
    const { script } = server
    const failing = (code: string) => (message: Received) =>
      message.operation === 'read' ? { success: false, error: { code, message: code } } : script(message)
    server.script = failing('timeout')
    server.notify('me', server.ids[0] ?? '', enter(1, 2))
    await until(() => reads(server) > 2)
    server.rows = [{ id: 1 }, { id: 2 }]
    server.script = script
    await until(() => live.rows?.length === 2)
    server.script = failing('forbidden')
    server.notify('me', server.ids.at(-1) ?? '', enter(1, 3))
    await live.next()
    await expect(live.next()).rejects.toMatchObject({ code: 'forbidden' })
    expect(await live.next()).toEqual({ done: true, value: undefined })
    await expect(spec.live('users', { sort: 'name' }).ready).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('with related rows watches the entity that these are of, and minds only the rows that it shows', async () => {
    await using server = await table()
    await using spec = await connect(server.url, { clientId: 'me' })
    await using live = spec.live('users', { with: { posts: true } })
    await live.ready
    expect(server.sent('subscribe').map(({ entity, options }) => [entity, options])).toEqual([
      ['users', {}],
      ['posts', { previous: true }],
    ])
    const told = (seq: number, authorId: number) => ({ ...enter(seq, seq), data: { id: seq, authorId } })
    server.notify('me', server.ids[1] ?? '', told(1, 2))
    await spec.ping()
    expect(reads(server)).toBe(1)
    server.notify('me', server.ids[1] ?? '', told(2, 1))
    await until(() => reads(server) === 2)
  })

  test('with a signal that has aborted, or a filter of undefined, asks for nothing', async () => {
    await using server = await table()
    await using spec = await connect(server.url)
    const live = spec.live('users', { signal: AbortSignal.abort(new Error('before')) })
    await expect(live.ready).rejects.toThrow('before')
    await expect(live.next()).rejects.toThrow('before')
    expect(() => spec.live('users', { where: { id: undefined as never } })).toThrow('undefined')
    await spec.ping()
    expect(server.received).toMatchObject([{ type: 'ping' }])
  })
})
