import { SpecError } from '@mqttspec/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Link, LinkReceiver, Transport } from '../transport/transport.ts'
import { Connection } from './connection.ts'

/** A transport whose attempts a test decides, one after the other. */
class DecidedTransport implements Transport {
  readonly attempts: { give: (link: Link) => void; refuse: (error: unknown) => void; receiver: LinkReceiver }[] = []
  closed = 0

  open(_: unknown, receiver: LinkReceiver): Promise<Link> {
    return new Promise((give, refuse) => this.attempts.push({ give, refuse, receiver }))
  }

  readonly link: Link = { publish: () => {}, close: async () => void this.closed++ }
}

const unavailable = new SpecError('unavailable', 'no')
const settled = () => vi.advanceTimersByTimeAsync(0)

function setUp() {
  const transport = new DecidedTransport()
  const online = vi.fn()
  const refused = vi.fn()
  const connection = new Connection(
    { transport, credentials: async () => ({}), backoff: { baseMs: 100, maxMs: 1_000 } },
    { message: () => {}, online, refused },
  )
  connection.start()
  return { transport, connection, online, refused }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('Connection', () => {
  test('tries again ever later, and soon again after a connection that lasted', async () => {
    const { transport, connection } = setUp()
    for (const delay of [100, 200, 400]) {
      await settled()
      transport.attempts.at(-1)?.refuse(unavailable)
      await settled()
      const { length } = transport.attempts
      await vi.advanceTimersByTimeAsync(delay - 1)
      expect(transport.attempts.length).toBe(length)
      await vi.advanceTimersByTimeAsync(1)
      expect(transport.attempts.length).toBe(length + 1)
    }
    transport.attempts.at(-1)?.give(transport.link)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(connection.state).toBe('online')
    transport.attempts.at(-1)?.receiver.lost(undefined)
    await vi.advanceTimersByTimeAsync(100)
    expect(transport.attempts).toHaveLength(5)
  })

  test('counts a connection that breaks at once as failed', async () => {
    const { transport } = setUp()
    for (const delay of [100, 200, 400]) {
      await settled()
      transport.attempts.at(-1)?.give(transport.link)
      await settled()
      transport.attempts.at(-1)?.receiver.lost(undefined)
      const { length } = transport.attempts
      await vi.advanceTimersByTimeAsync(delay - 1)
      expect(transport.attempts.length).toBe(length)
      await vi.advanceTimersByTimeAsync(1)
      expect(transport.attempts.length).toBe(length + 1)
    }
  })

  test('leaves no timer and no link behind when it is closed', async () => {
    const { transport, connection } = setUp()
    await settled()
    transport.attempts[0]?.refuse(unavailable)
    await settled()
    expect(vi.getTimerCount()).toBe(1)
    await connection.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(transport.attempts).toHaveLength(1)
  })

  test('lets go of a link that opens after it was closed', async () => {
    const { transport, connection, online } = setUp()
    await settled()
    await connection.close()
    transport.attempts[0]?.give(transport.link)
    await settled()
    expect([transport.closed, online.mock.calls.length, connection.state]).toEqual([1, 0, 'closed'])
  })

  test('says why the broker refused, and that there is no use in waiting', async () => {
    const { transport, connection, refused } = setUp()
    await settled()
    expect(() => connection.assertHopeful()).not.toThrow()
    const error = new SpecError('auth_error', 'no')
    transport.attempts[0]?.refuse(error)
    await settled()
    expect(refused).toHaveBeenCalledWith(error)
    expect(() => connection.assertHopeful()).toThrow(error)
    await connection.close()
  })

  test('takes an error that nobody expected for a broker that cannot be reached', async () => {
    const { transport, connection } = setUp()
    await settled()
    transport.attempts[0]?.refuse(new TypeError('a bug'))
    await settled()
    expect(connection.state).toBe('offline')
    expect(connection.error).toMatchObject({ code: 'unavailable', cause: expect.any(TypeError) })
    await connection.close()
  })
})
