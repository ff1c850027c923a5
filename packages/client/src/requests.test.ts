import { describe, expect, test } from 'vitest'
import { connect } from './connect.ts'
import { type Received, ScriptedServer } from './testing/scripted-server.ts'
import { until } from './testing/until.ts'

const rows = [{ id: 1, name: 'Ann' }]
const page = { data: rows, metadata: { count: 1, limit: 100, offset: 0, at: 'p1' } }
const refusal = (code: string, details?: object) => ({ success: false, error: { code, message: code, details } })

describe('calls', () => {
  test('read sends what it was asked for, and no total unless asked', async () => {
    await using server = await ScriptedServer.start(() => page)
    await using spec = await connect(server.url)
    const where = { status: 'active', age: { gte: 18 } }
    const got = await spec.read('users', { where, sort: ['-createdAt', 'name'], limit: 20, columns: ['id', 'name'] })
    expect(got).toEqual({ data: rows, count: 1, total: undefined, limit: 100, offset: 0, at: 'p1' })
    expect(server.received[0]).toMatchObject({ type: 'request', operation: 'read', entity: 'users' })
    expect(server.received[0]?.id).toMatch(/^[A-Za-z0-9_-]{21}$/)
    expect(server.received[0]?.options).toEqual({
      columns: ['id', 'name'],
      filters: [
        { column: 'status', operator: 'eq', value: 'active' },
        { column: 'age', operator: 'gte', value: 18 },
      ],
      sort: [
        { column: 'createdAt', direction: 'desc' },
        { column: 'name', direction: 'asc' },
      ],
      limit: 20,
      total: false,
    })
  })

  test('read gives total and page cursors, and takes them', async () => {
    await using server = await ScriptedServer.start(() => ({
      data: rows,
      metadata: { count: 1, total: 7, limit: 1, offset: 0, next: '~n', previous: '~p' },
    }))
    await using spec = await connect(server.url)
    const got = await spec.read('users', { total: true, after: '~x', limit: 1 })
    expect(got).toMatchObject({ total: 7, next: '~n', previous: '~p' })
    expect(server.received[0]?.options).toEqual({ total: 'exact', cursor_forward: '~x', limit: 1 })
  })

  test('get gives the row, or null where there is none', async () => {
    await using server = await ScriptedServer.start((message) =>
      message.record_id === 1 ? { data: rows[0], metadata: { count: 1 } } : refusal('not_found'),
    )
    await using spec = await connect(server.url)
    expect(await spec.get('users', 1, { columns: ['name'] })).toEqual(rows[0])
    expect(await spec.get('users', 2)).toBeNull()
    expect(server.received[0]).toMatchObject({ record_id: 1, options: { columns: ['name'] } })
  })

  test('count asks for the total and no rows', async () => {
    await using server = await ScriptedServer.start(() => ({ data: [], metadata: { count: 0, total: 42 } }))
    await using spec = await connect(server.url)
    expect(await spec.count('users', { name: null })).toBe(42)
    const filters = [{ column: 'name', operator: 'is_null' }]
    expect(server.received[0]?.options).toEqual({ filters, limit: 0, total: 'exact' })
  })

  test('create, update and delete take one or many', async () => {
    await using server = await ScriptedServer.start(answerWrites)
    await using spec = await connect(server.url)
    expect(await spec.create('users', { name: 'Ann' })).toEqual({ name: 'Ann' })
    expect(await spec.create('users', [{ name: 'Ann' }, { name: 'Bob' }])).toEqual([{ name: 'Ann' }, { name: 'Bob' }])
    expect(await spec.update('users', 1, { name: 'Eve' }, { if: { name: 'Ann' } })).toEqual({ name: 'Eve' })
    expect(await spec.update('users', [{ id: 1, name: 'Eve' }])).toEqual([{ id: 1, name: 'Eve' }])
    expect(await spec.delete('users', 1)).toBeUndefined()
    expect(await spec.delete('memberships', [{ userId: 1, groupId: 2 }])).toBe(1)
    expect(server.sent('update')[0]).toMatchObject({ record_id: 1, options: { if: { name: 'Ann' } } })
    expect(server.sent('update')[1]).not.toHaveProperty('record_id')
    expect(server.sent('delete')[0]).toMatchObject({ record_id: 1 })
    expect(server.sent('delete')[1]?.data).toEqual([{ userId: 1, groupId: 2 }])
  })

  test('delete of many bare keys names the key column by what meta says', async () => {
    await using server = await ScriptedServer.start(answerWrites)
    await using spec = await connect(server.url)
    expect(await spec.delete('users', [4, 5])).toBe(2)
    expect(server.sent('delete')[0]?.data).toEqual([{ userId: 4 }, { userId: 5 }])
    expect(await spec.delete('users', [])).toBe(0)
    expect(server.sent('delete')).toHaveLength(1)
  })

  test('dates, bigints and bytes go as the wire has them', async () => {
    await using server = await ScriptedServer.start(answerWrites)
    await using spec = await connect(server.url)
    const at = new Date('2026-01-31T12:00:00Z')
    await spec.create('users', { at, big: 2n ** 60n, bytes: new Uint8Array([1, 2, 255]) })
    expect(server.received[0]?.data).toEqual({
      at: '2026-01-31T12:00:00.000Z',
      big: '1152921504606846976',
      bytes: 'AQL/',
    })
  })

  test('ping resolves with the round trip', async () => {
    await using server = await ScriptedServer.start(() => ({ type: 'pong' }))
    await using spec = await connect(server.url)
    expect(await spec.ping()).toBeGreaterThan(0)
  })

  test('reject with what the server says', async () => {
    await using server = await ScriptedServer.start(() => refusal('conflict', { columns: ['email'] }))
    await using spec = await connect(server.url)
    await expect(spec.create('users', {})).rejects.toMatchObject({
      name: 'SpecError',
      code: 'conflict',
      details: { columns: ['email'] },
    })
  })

  test('refuse a message that is over the limit before it is sent', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url, { maxRequestBytes: 1_000 })
    await expect(spec.create('users', { name: 'ü'.repeat(500) })).rejects.toMatchObject({ code: 'payload_too_large' })
    expect(server.received).toEqual([])
  })

  test('do not mind what else comes on the topics', async () => {
    await using server = await ScriptedServer.start(() => page)
    await using spec = await connect(server.url, { clientId: 'me' })
    for (const text of ['not JSON', '[]', 'null', '{"type":"response"}', '{"type":"response","id":"unknown"}']) {
      server.raw('me', 'spec/me/response', text)
      server.raw('me', 'spec/me/notify/s9', text)
    }
    server.raw('me', 'spec/me/response', '\u00ff')
    expect((await spec.read('users')).data).toEqual(rows)
  })
})

function answerWrites(message: Received): object {
  if (message.operation === 'meta') {
    return { data: { entity: 'users', columns: [{ name: 'userId', is_primary: true }, { name: 'x' }] } }
  }
  if (message.operation !== 'delete') return { data: message.data }
  return { data: { deleted: Array.isArray(message.data) ? message.data.length : true } }
}

describe('time', () => {
  test('a read that is not answered rejects with timeout', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url)
    await expect(spec.read('users', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout', details: undefined })
  })

  test('a write that is not answered says that its outcome is unknown', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url)
    const error = await spec.create('users', {}, { timeoutMs: 100 }).catch((e) => e)
    expect(error).toMatchObject({ code: 'timeout', details: { outcome: 'unknown' } })
  })

  test('a write that was never sent does not say so', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url)
    await server.stopListening()
    await until(() => spec.connection.state !== 'online')
    const error = await spec.create('users', {}, { timeoutMs: 100 }).catch((e) => e)
    expect(error).toMatchObject({ code: 'timeout', details: undefined, message: expect.stringContaining('never sent') })
  })

  test('a call is sent once more at half time, with the id that it had', async () => {
    await using server = await ScriptedServer.start(() => (server.received.length < 2 ? undefined : page))
    await using spec = await connect(server.url)
    await spec.read('users', { timeoutMs: 1_000 })
    expect(server.received).toHaveLength(2)
    expect(server.received[0]).toEqual(server.received[1])
  })

  test('an answer that comes too late is left aside', async () => {
    await using server = await ScriptedServer.start((message) =>
      message.type === 'ping' ? { type: 'pong' } : undefined,
    )
    await using spec = await connect(server.url, { clientId: 'me' })
    const late = spec.read('users', { timeoutMs: 50 }).catch((error) => error.code)
    expect(await late).toBe('timeout')
    server.respond('me', { id: server.received[0]?.id, data: [] })
    await spec.ping()
  })
})

describe('signal', () => {
  test('rejects with its reason, also before the call is sent', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url)
    const controller = new AbortController()
    const read = spec.read('users', { signal: controller.signal }).catch((error) => error)
    await until(() => server.received.length === 1)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await read).toBe(reason)
    await expect(spec.read('users', { signal: controller.signal })).rejects.toBe(reason)
    expect(server.received).toHaveLength(1)
  })
})

describe('what the server cannot do now', () => {
  test.each(['rate_limited', 'overloaded'])('%s is asked again after the time that it says', async (code) => {
    const times: number[] = []
    await using server = await ScriptedServer.start(() => {
      times.push(performance.now())
      return times.length === 1 ? refusal(code, { retry_after_ms: 80 }) : { data: {} }
    })
    await using spec = await connect(server.url)
    await spec.create('users', {})
    expect(server.received[0]?.id).toBe(server.received[1]?.id)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(75)
  })

  test('unavailable is asked again with the same id until the time is over', async () => {
    await using server = await ScriptedServer.start(() => refusal('unavailable'))
    await using spec = await connect(server.url)
    const error = await spec.create('users', {}, { timeoutMs: 600 }).catch((e) => e)
    expect(error.code).toBe('unavailable')
    expect(server.received.length).toBeGreaterThan(1)
    expect(new Set(server.received.map((message) => message.id)).size).toBe(1)
  })

  test('what would have to wait longer than the call may is rejected at once', async () => {
    await using server = await ScriptedServer.start(() => refusal('rate_limited', { retry_after_ms: 60_000 }))
    await using spec = await connect(server.url)
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'rate_limited' })
  })

  test.each(['timeout', 'forbidden', 'internal', 'a_code_of_the_future'])('%s is not asked again', async (code) => {
    await using server = await ScriptedServer.start(() => refusal(code))
    await using spec = await connect(server.url)
    await expect(spec.read('users')).rejects.toMatchObject({ code })
    expect(server.received).toHaveLength(1)
  })
})

describe('many calls at once', () => {
  test('no more than the allowed number are on their way, in the order of the calls', async () => {
    const held: Received[] = []
    await using server = await ScriptedServer.start((message) => void held.push(message))
    await using spec = await connect(server.url, { clientId: 'me', maxInFlight: 3 })
    const calls = Array.from({ length: 10 }, (_, key) => spec.get('users', key))
    await until(() => held.length === 3)
    await spec.connection.state
    for (let index = 0; index < 10; index++) {
      await until(() => held.length > index)
      expect(held.length).toBeLessThanOrEqual(index + 3)
      server.respond('me', { id: held[index]?.id, data: { index } })
      await calls[index]
    }
    expect(held.map((message) => message.record_id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('one that is aborted in the queue frees its place and is never sent', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url, { clientId: 'me', maxInFlight: 1 })
    const first = spec.get('users', 1)
    const second = spec.get('users', 2, { signal: AbortSignal.timeout(30) }).catch((error) => error.name)
    const third = spec.get('users', 3)
    expect(await second).toBe('TimeoutError')
    server.respond('me', { id: server.received[0]?.id, data: 'first' })
    await first
    await until(() => server.received.length === 2)
    server.respond('me', { id: server.received[1]?.id, data: 'third' })
    expect(await third).toBe('third')
    expect(server.received.map((message) => message.record_id)).toEqual([1, 3])
  })
})

describe('a lost connection', () => {
  test('is survived by what waits: subscribed first, then sent again with the same id', async () => {
    await using server = await ScriptedServer.start(() => (server.received.length < 3 ? undefined : { data: {} }))
    await using spec = await connect(server.url)
    const calls = [spec.create('users', { name: 'Ann' }), spec.create('users', { name: 'Bob' })]
    await until(() => server.received.length === 2)
    server.cut()
    await Promise.all(calls)
    expect(server.log).toEqual(['connect', 'subscribe', 'create', 'create', 'connect', 'subscribe', 'create', 'create'])
    expect(server.received.slice(0, 2)).toEqual(server.received.slice(2))
  })

  test('holds back calls made meanwhile until it is back', async () => {
    await using server = await ScriptedServer.start(() => page)
    await using spec = await connect(server.url)
    await server.stopListening()
    await until(() => spec.connection.state !== 'online')
    const read = spec.read('users')
    await server.listen()
    expect((await read).data).toEqual(rows)
    expect(server.received).toHaveLength(1)
  })

  test('that turns into a refusal rejects what waits with auth_error', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url)
    const write = spec.create('users', {}).catch((error) => error)
    await until(() => server.received.length === 1)
    server.refuse = () => 5
    server.cut()
    expect(await write).toMatchObject({ code: 'auth_error', details: { outcome: 'unknown' } })
  })

  test('many times in a row loses and doubles nothing', async () => {
    await using server = await ScriptedServer.start((message) => ({ data: message.data }))
    await using spec = await connect(server.url)
    const cutting = setInterval(() => server.cut(), 60)
    const calls = Array.from({ length: 200 }, (_, n) => spec.create('users', { n }))
    const results = await Promise.all(calls)
    clearInterval(cutting)
    expect(results).toEqual(Array.from({ length: 200 }, (_, n) => ({ n })))
    const ids = new Map(server.received.map((message) => [message.id, message.data]))
    expect(ids.size).toBe(200)
  })
})
