import { createServer, Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { connect } from './connect.ts'
import { ScriptedServer } from './testing/scripted-server.ts'
import { until } from './testing/until.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

describe('connect', () => {
  test('resolves with a client that is online, under a client id of its own', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url)
    expect(spec.connection.state).toBe('online')
    expect(spec.clientId).toMatch(/^client-[A-Za-z0-9_-]{21}$/)
  })

  test('turns off the delay of small packets, on each connection', async () => {
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url)
    server.cut()
    await until(() => setNoDelay.mock.calls.length === 2)
    await until(() => spec.connection.state === 'online')
    expect(setNoDelay.mock.calls).toEqual([[true], [true]])
    setNoDelay.mockRestore()
  })

  test('rejects with unavailable when no broker answers in time', async () => {
    const error = await connect(`mqtt://127.0.0.1:${await freePort()}`, { timeoutMs: 300 }).catch((e) => e)
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('ECONNREFUSED') })
  })

  test('rejects with unavailable when what listens is no broker', async () => {
    const silent = createServer((socket) => void socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as { port: number }
    const error = await connect(`mqtt://127.0.0.1:${port}`, { timeoutMs: 200 }).catch((e) => e)
    expect(error).toMatchObject({ code: 'unavailable' })
    await new Promise((resolve) => silent.close(resolve))
  })

  test('keeps trying within its time, for a broker that starts later', async () => {
    await using server = await ScriptedServer.start()
    await server.stopListening()
    const connecting = connect(server.url, { timeoutMs: 5_000 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    await server.listen()
    await using spec = await connecting
    expect(spec.connection.state).toBe('online')
  })

  test('rejects with auth_error at once when the credentials are refused', async () => {
    await using server = await ScriptedServer.start()
    server.refuse = () => 4
    await expect(connect(server.url, { username: 'a', password: 'wrong' })).rejects.toMatchObject({
      code: 'auth_error',
    })
    await until(() => server.connections === 0)
    expect(server.logins).toHaveLength(1)
  })

  test('rejects with forbidden when the broker refuses its topics', async () => {
    await using server = await ScriptedServer.start()
    server.refuseTopic = (topic) => topic.endsWith('/response')
    await expect(connect(server.url)).rejects.toMatchObject({ code: 'forbidden' })
    await until(() => server.connections === 0)
  })

  test('refuses a client id that a topic cannot hold', async () => {
    await expect(connect('mqtt://127.0.0.1', { clientId: 'a/b' })).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('refuses a URL that is none', async () => {
    await expect(connect('localhost')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(connect('http://localhost')).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('speaks over WebSockets, at /mqtt unless the URL has a path', async () => {
    await using server = await ScriptedServer.start(() => ({ data: [], metadata: { count: 0 } }))
    const url = await server.listenForWebSockets('/mqtt')
    await using spec = await connect(url)
    expect((await spec.read('users')).data).toEqual([])
  })

  test('gives up on a WebSocket that does not open', async () => {
    await using server = await ScriptedServer.start()
    const url = await server.listenForWebSockets('/elsewhere')
    await expect(connect(url, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('credentials', () => {
  test('are sent as they were given', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url, { clientId: 'me', username: 'ann', password: 'secret' })
    expect(spec.clientId).toBe('me')
    expect(server.logins).toEqual([{ clientId: 'me', username: 'ann', password: 'secret' }])
  })

  test('may stand in the URL', async () => {
    await using server = await ScriptedServer.start()
    await using _ = await connect(server.url.replace('//', '//ann:s%40cret@'))
    expect(server.logins).toMatchObject([{ username: 'ann', password: 's@cret' }])
  })

  test('may be a token, sent as the password and asked for anew at each connection', async () => {
    await using server = await ScriptedServer.start()
    let count = 0
    await using spec = await connect(server.url, { token: async () => `jwt-${++count}` })
    server.cut()
    await until(() => server.logins.length === 2)
    await until(() => spec.connection.state === 'online')
    expect(server.logins).toMatchObject([
      { username: 'token', password: 'jwt-1' },
      { username: 'token', password: 'jwt-2' },
    ])
  })

  test('that cannot be had reject with auth_error and the reason', async () => {
    await using server = await ScriptedServer.start()
    const cause = new Error('the issuer is down')
    const token = () => Promise.reject(cause)
    await expect(connect(server.url, { token })).rejects.toMatchObject({ code: 'auth_error', cause })
    expect(server.logins).toEqual([])
  })
})

describe('connection.state', () => {
  test('goes offline when the socket breaks and online when it is back, and tells listeners', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url)
    const states: string[] = []
    spec.connection.subscribe((state) => states.push(state))
    server.cut()
    await until(() => states.includes('online'))
    expect(states).toEqual(['offline', 'connecting', 'online'])
  })

  test('is unauthorized when the broker no longer lets it in, and online once it does', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url)
    server.refuse = () => 5
    server.cut()
    await until(() => spec.connection.state === 'unauthorized')
    server.refuse = () => undefined
    await until(() => spec.connection.state === 'online')
  })

  test('tells a listener nothing more once it has let go', async () => {
    await using server = await ScriptedServer.start()
    await using spec = await connect(server.url)
    const states: string[] = []
    const stop = spec.connection.subscribe((state) => states.push(state))
    stop()
    await spec.close()
    expect(states).toEqual([])
    expect(spec.connection.state).toBe('closed')
  })
})

describe('close', () => {
  test('says goodbye to the broker, and may be called again', async () => {
    await using server = await ScriptedServer.start()
    const spec = await connect(server.url)
    await spec.close()
    await spec.close()
    await until(() => server.connections === 0)
    expect(spec.connection.state).toBe('closed')
  })

  test('does not wait for more than the goodbye', async () => {
    await using server = await ScriptedServer.start()
    const took: number[] = []
    // The best of a few: what else the machine does is not what is asked here.
    for (let time = 0; time < 3; time++) {
      const spec = await connect(server.url)
      const start = performance.now()
      await spec.close()
      took.push(performance.now() - start)
    }
    // Without a goodbye it would wait a second before it lets go of the socket.
    expect(Math.min(...took)).toBeLessThan(900)
  })

  test('rejects what waits and what comes after', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    const spec = await connect(server.url)
    const read = spec.read('users').catch((error) => error)
    const write = spec.update('users', 1, {}).catch((error) => error)
    await until(() => server.received.length === 2)
    await spec.close()
    expect(await read).toMatchObject({ code: 'closed', details: undefined })
    expect(await write).toMatchObject({ code: 'closed', details: { outcome: 'unknown' } })
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'closed' })
  })
})
