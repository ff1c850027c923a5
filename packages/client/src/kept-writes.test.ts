import { describe, expect, test } from 'vitest'
import { connect } from './connect.ts'
import type { KeptWrite, WriteOutcome, WriteStorage } from './request/write-storage.ts'
import { type Received, ScriptedServer } from './testing/scripted-server.ts'
import { until } from './testing/until.ts'

const QUEUE = { offline: 'queue' } as const

/** Answers every write with its data. */
const echo = ({ data }: Received) => ({ data })

const names = (server: ScriptedServer) => server.sent('create').map(({ data }) => (data as { name: string }).name)

/** Storage in memory that outlives clients, and remembers how each write ended. */
class MemoryStorage implements WriteStorage {
  readonly writes = new Map<string, KeptWrite>()
  readonly ended: [string, WriteOutcome][] = []

  async load() {
    return [...this.writes.values()]
  }
  async keep(write: KeptWrite) {
    this.writes.set(write.id, write)
  }
  async remove({ id, name }: KeptWrite, outcome: WriteOutcome) {
    this.writes.delete(id)
    this.ended.push([name, outcome])
  }
}

/** A server that was there, and a client that has lost it. */
async function away(options: Parameters<typeof connect>[1] = {}) {
  const server = await ScriptedServer.start(echo)
  const spec = await connect(server.url, { timeoutMs: 1_500, ...options })
  await server.stopListening()
  await until(() => spec.connection.state !== 'online')
  return {
    server,
    spec,
    async [Symbol.asyncDispose]() {
      await spec.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

describe('writes that are kept', () => {
  test('wait longer than other calls may take, and are sent in their order, one after the other', async () => {
    await using over = await away()
    const { server, spec } = over
    let [running, most] = [0, 0]
    server.script = async (message) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      return echo(message)
    }
    const calls = ['a', 'b', 'c'].map((name) => spec.create('users', { name }, QUEUE))
    await expect(spec.create('users', { name: 'not kept' })).rejects.toMatchObject({ code: 'timeout' })
    expect(spec.keptWrites).toBe(3)
    await server.listen()
    expect(await Promise.all(calls)).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    expect([names(server), most, spec.keptWrites]).toEqual([['a', 'b', 'c'], 1, 0])
  })

  test('may be all of a client’s, which then connects without a connection too', async () => {
    await using server = await ScriptedServer.start(echo)
    await server.stopListening()
    await using spec = await connect(server.url, { ...QUEUE, timeoutMs: 500 })
    const call = spec.batch((b) => b.create('users', { name: 'a' }))
    const other = spec.create('users', { name: 'b' }, { offline: 'wait' })
    await expect(other).rejects.toMatchObject({ code: 'timeout' })
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'timeout' })
    server.script = ({ operation }) => ({ data: operation === 'batch' ? [{ name: 'a' }] : [] })
    await server.listen()
    expect(await call).toEqual({ name: 'a' })
  })

  test('that the server refuses do not keep the next one', async () => {
    await using over = await away()
    const { server, spec } = over
    server.script = (message) =>
      (message.data as { name: string }).name === 'bad'
        ? { success: false, error: { code: 'conflict', message: 'taken' } }
        : echo(message)
    const calls = ['bad', 'good'].map((name) => spec.create('users', { name }, QUEUE))
    await server.listen()
    expect(await Promise.allSettled(calls)).toMatchObject([
      { reason: { code: 'conflict' } },
      { value: { name: 'good' } },
    ])
  })

  test('are given up by their signal and their own time, and then not sent', async () => {
    await using over = await away()
    const { server, spec } = over
    const stop = new AbortController()
    const first = spec.create('users', { name: 'first' }, QUEUE)
    const given = spec.create('users', { name: 'given up' }, { ...QUEUE, signal: stop.signal })
    const late = spec.create('users', { name: 'late' }, { ...QUEUE, timeoutMs: 100 })
    const before = spec.create('users', { name: 'before' }, { ...QUEUE, signal: AbortSignal.abort(new Error('no')) })
    stop.abort(new Error('enough'))
    expect(await Promise.allSettled([given, before, late])).toMatchObject([
      { reason: { message: 'enough' } },
      { reason: { message: 'no' } },
      { reason: { code: 'timeout' } },
    ])
    await server.listen()
    await first
    await spec.create('users', { name: 'last' }, QUEUE)
    expect(names(server)).toEqual(['first', 'last'])
  })

  test('wait while the broker refuses the client', async () => {
    await using over = await away()
    const { server, spec } = over
    server.refuse = () => 5
    await server.listen()
    const call = spec.create('users', { name: 'a' }, QUEUE)
    await until(() => spec.connection.state === 'unauthorized')
    server.refuse = () => undefined
    expect(await call).toEqual({ name: 'a' })
  })
})

describe('writes in storage', () => {
  test('are sent by the next client under the same id, with the ids that they had, before its own', async () => {
    const storage = new MemoryStorage()
    await using over = await away({ clientId: 'device', storage, ...QUEUE })
    const { server, spec } = over
    const calls = ['a', 'b'].map((name) => spec.create('users', { name }))
    await until(() => storage.writes.size === 2)
    const ended = Promise.allSettled(calls)
    await spec.close()
    expect(await ended).toMatchObject(calls.map(() => ({ reason: { code: 'closed' } })))
    const ids = [...storage.writes.keys()]
    await server.listen()
    await using next = await connect(server.url, { clientId: 'device', storage, ...QUEUE })
    await next.create('users', { name: 'c' })
    expect(names(server)).toEqual(['a', 'b', 'c'])
    expect(server.sent('create').map(({ id }) => id)).toMatchObject([...ids, expect.any(String)])
    expect(storage.writes.size).toBe(0)
    expect(storage.ended).toEqual(['a', 'b', 'c'].map((name) => ['create users', { data: { name } }]))
  })

  test('that were sent and not answered are sent again with the same id', async () => {
    const storage = new MemoryStorage()
    await using server = await ScriptedServer.start(() => undefined)
    const spec = await connect(server.url, { clientId: 'device', storage })
    const call = spec.create('users', { name: 'a' }, QUEUE)
    await until(() => server.sent('create').length === 1)
    const ended = expect(call).rejects.toMatchObject({ code: 'closed', details: { outcome: 'unknown' } })
    await spec.close()
    await ended
    server.script = echo
    await using _ = await connect(server.url, { clientId: 'device', storage })
    await until(() => storage.ended.length === 1)
    const [first, second] = server.sent('create')
    expect(second).toEqual(first)
  })

  test('that end otherwise are removed with the reason', async () => {
    const storage = new MemoryStorage()
    await using over = await away({ clientId: 'device', storage, ...QUEUE })
    const { server, spec } = over
    const late = spec.create('users', { name: 'late' }, { timeoutMs: 50 })
    await expect(late).rejects.toMatchObject({ code: 'timeout' })
    server.script = () => ({ success: false, error: { code: 'forbidden', message: 'no' } })
    const refused = spec.delete('users', 1)
    await server.listen()
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' })
    expect(storage.ended).toMatchObject([
      ['create users', { error: { code: 'timeout' } }],
      ['delete users', { error: { code: 'forbidden' } }],
    ])
    expect(storage.writes.size).toBe(0)
  })

  test('are sent only once they are kept; what cannot be kept is refused', async () => {
    const storage = new MemoryStorage()
    storage.keep = async () => {
      throw new Error('full')
    }
    await using server = await ScriptedServer.start(echo)
    await using spec = await connect(server.url, { clientId: 'device', storage })
    await expect(spec.create('users', { name: 'a' }, QUEUE)).rejects.toThrow('full')
    expect(await spec.create('users', { name: 'b' })).toEqual({ name: 'b' })
    expect(names(server)).toEqual(['b'])
  })

  test('take a client id that stays', async () => {
    const connecting = connect('mqtt://127.0.0.1:1', { storage: new MemoryStorage() })
    await expect(connecting).rejects.toMatchObject({ code: 'invalid_options' })
  })
})
