import { describe, expect, test } from 'vitest'
import { connect } from './connect.ts'
import { type Received, ScriptedServer } from './testing/scripted-server.ts'
import { until } from './testing/until.ts'

const SOON_MS = 1_000

interface Asking extends ScriptedServer {
  /** Sessions that the server knows, the newest last. */
  readonly sessions: string[]
}

/** A server that does not see connections, and asks for a session of so many milliseconds in each message. */
async function asking(lifeMs = 3_600_000, tokens: readonly string[] = ['t']): Promise<Asking> {
  const sessions: string[] = []
  const refused = (code: string) => ({ success: false, error: { code, message: code } })
  const server = await ScriptedServer.start((message: Received) => {
    if (message.type === 'connect') {
      const { token, username } = message.data as { token?: string; username?: string }
      if (!tokens.includes(token ?? username ?? '')) return refused('auth_error')
      sessions.push(`s${sessions.length + 1}`)
      const now = Date.parse('2026-01-31T12:00:00+00:00')
      return { data: { session: sessions.at(-1), expires_at: new Date(now + lifeMs).toISOString() } }
    }
    // The one before holds until the new one is known.
    if (message.session === undefined || !sessions.slice(-2).includes(message.session)) return refused('unauthorized')
    if (message.operation === 'subscribe') return { data: { subscription_id: server.nextSubscription() } }
    return { data: [], metadata: { count: 0 } }
  })
  return Object.assign(server, { sessions })
}

describe('a server that asks who a client is', () => {
  test('is told once for all calls, and each of them is sent again in its session', async () => {
    await using server = await asking()
    let asked = 0
    await using spec = await connect(server.url, {
      token() {
        asked++
        return 't'
      },
    })
    await Promise.all(Array.from({ length: 50 }, () => spec.read('users')))
    expect(server.sent('connect')).toMatchObject([{ data: { token: 't' } }])
    expect(new Set(server.sent('read').map(({ id }) => id)).size).toBe(50)
    const before = server.received.length
    await spec.create('users', { name: 'x' })
    expect(server.received.slice(before)).toMatchObject([{ operation: 'create', session: 's1' }])
    // Once for the connection, and once for this.
    expect(asked).toBe(2)
  })

  test('is told by username and password too', async () => {
    await using server = await asking(undefined, ['ann'])
    await using spec = await connect(server.url, { username: 'ann', password: 'pw' })
    await spec.read('users')
    expect(server.sent('connect')[0]?.data).toEqual({ username: 'ann', password: 'pw' })
  })

  test('is told the token alone where username and password are for the broker', async () => {
    await using server = await asking()
    await using spec = await connect(server.url, { username: 'ann', password: 'pw', token: 't' })
    await spec.read('users')
    expect(server.logins).toMatchObject([{ username: 'ann', password: 'pw' }])
    expect(server.sent('connect')[0]?.data).toEqual({ token: 't' })
  })

  test('is told before anything else where that is asked for', async () => {
    await using server = await asking()
    await using spec = await connect(server.url, { token: 't', identify: true })
    await spec.read('users')
    expect(server.received).toMatchObject([{ type: 'connect' }, { operation: 'read', session: 's1' }])
  })

  test('may refuse the credentials: what waits is told, and the next call tries anew', async () => {
    const tokens: string[] = []
    await using server = await asking(undefined, tokens)
    await using spec = await connect(server.url, { token: 't' })
    const calls = [spec.read('users'), spec.subscribe('users').ready]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'auth_error' })
    await expect(connect(server.url, { token: 't', identify: true })).rejects.toMatchObject({ code: 'auth_error' })
    tokens.push('t')
    await spec.read('users')
  })

  test('gets no credentials that there are not', async () => {
    await using server = await asking()
    await using spec = await connect(server.url)
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'unauthorized' })
    expect(server.sent('connect')).toEqual([])
  })

  test('and refuses for another reason is asked once more, and then believed', async () => {
    await using server = await asking()
    const { script } = server
    server.script = (message) =>
      message.operation === 'read'
        ? { success: false, error: { code: 'unauthorized', message: 'no' } }
        : script(message)
    await using spec = await connect(server.url, { token: 't' })
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'unauthorized', message: 'no' })
    expect(server.sent('read')).toHaveLength(2)
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'unauthorized', message: 'no' })
    expect(server.sent('connect')).toHaveLength(1)
  })

  test('that fails to give a token is not asked', async () => {
    await using server = await asking()
    let asked = 0
    const token = () => {
      if (++asked > 1) throw new Error('gone')
      return 't'
    }
    await using spec = await connect(server.url, { token })
    await expect(spec.read('users')).rejects.toMatchObject({ code: 'auth_error' })
  })
})

describe('a session', () => {
  test('is renewed before it ends, with a token asked for anew, and no call is refused meanwhile', async () => {
    await using server = await asking(SOON_MS, ['t1', 't2', 't3', 't4', 't5'])
    let asked = 0
    await using spec = await connect(server.url, { token: () => `t${++asked}`, identify: true })
    const tokens = () => server.sent('connect').map(({ data }) => (data as { token: string }).token)
    await until(() => tokens().length === 3)
    expect(tokens()).toEqual(['t2', 't3', 't4'])
    await spec.read('users')
    expect(server.sent('read')).toHaveLength(1)
  })

  test('that has ended unseen is renewed by the call that finds out', async () => {
    await using server = await asking()
    await using spec = await connect(server.url, { token: 't' })
    await spec.read('users')
    server.sessions.push('of another time', 'and of yet another')
    await spec.read('users')
    expect(server.sent('connect')).toHaveLength(2)
  })

  test('stands in a subscription that is asked for anew, and in the word that ends it', async () => {
    await using server = await asking()
    await using spec = await connect(server.url, { token: 't' })
    const sub = spec.subscribe('users')
    await sub.ready
    server.cut()
    await until(() => server.sent('subscribe').length === 3)
    await sub.next()
    await sub.close()
    expect(server.sent('unsubscribe')).toMatchObject([{ session: 's1' }])
  })

  test('is not renewed after the client has closed', async () => {
    await using server = await asking(SOON_MS)
    const spec = await connect(server.url, { token: 't', identify: true })
    await spec.close()
    await new Promise((resolve) => setTimeout(resolve, SOON_MS * 1.5))
    expect(server.sent('connect')).toHaveLength(1)
  })
})
