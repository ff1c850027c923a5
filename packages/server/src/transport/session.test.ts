import { describe, expect, it } from 'vitest'
import { Session, type SessionConnection } from './session.ts'

/** A connection that keeps what it is sent until a test says otherwise. */
class StuckConnection implements SessionConnection {
  unsentBytes = 0
  unsentFrames = 0
  ended: string | undefined
  readonly sent: Buffer[] = []

  send(frame: Buffer): void {
    this.sent.push(frame)
    this.unsentBytes += frame.length
    this.unsentFrames += 1
  }

  takeBack(isUnwanted: (frame: Buffer) => boolean): readonly Buffer[] {
    const taken = this.sent.filter(isUnwanted)
    for (const frame of taken) this.sent.splice(this.sent.indexOf(frame), 1)
    return taken
  }

  end(reason: string): void {
    this.ended = reason
  }
}

function connected(qos: 0 | 1 = 0) {
  const overflows: string[] = []
  const held = { bytes: 0, maxBytes: 1e9 }
  const session = new Session('spec', 'a', true, held, (clientId) => void overflows.push(clientId))
  session.filters.set('spec/a/response', qos)
  session.filters.set('spec/a/notify/+', qos)
  const connection = new StuckConnection()
  session.attach(connection)
  return { session, connection, overflows }
}

const isSettled = (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))])

describe('a client that reads slowly', () => {
  it('makes who waits for it wait, until it has caught up', async () => {
    const { session, connection } = connected()
    expect(await isSettled(session.notify('s', 'x', 1))).toBe(true)
    const waiting = session.notify('s', 'x'.repeat(1024 * 1024), 1)
    expect(await isSettled(waiting)).toBe(false)
    connection.unsentBytes = 1024
    session.relieved()
    await waiting
  })

  it('does not keep anybody waiting once it is gone', async () => {
    const { session } = connected()
    const waiting = session.reply('x'.repeat(2 * 1024 * 1024), 1)
    expect(await isSettled(waiting)).toBe(false)
    session.detach()
    await waiting
  })

  it('loses notifications over 8 MiB, all that follow too, and is told once there is room', () => {
    const { session, connection, overflows } = connected()
    for (let n = 0; n < 12; n += 1) void session.notify('s', 'x'.repeat(1024 * 1024), 1)
    expect(connection.sent).toHaveLength(8)
    connection.unsentBytes = 2 * 1024 * 1024
    session.relieved()
    void session.notify('s', 'small', 1)
    expect([connection.sent.length, overflows]).toEqual([8, []])
    connection.unsentBytes = 0
    session.relieved()
    expect(overflows).toEqual(['a'])
    void session.notify('s', 'small', 1)
    expect(connection.sent).toHaveLength(9)
    session.relieved()
    expect(overflows).toEqual(['a'])
  })

  it('loses notifications over 10,000 that it has not acknowledged', () => {
    const { session, connection, overflows } = connected(1)
    for (let n = 0; n < 12_000; n += 1) {
      void session.notify('s', 'x', 1)
      connection.unsentBytes = 0
      connection.unsentFrames = 0
    }
    expect(connection.sent).toHaveLength(10_000)
    for (let id = 1; id <= 10_000; id += 1) session.acknowledged(id)
    expect(overflows).toEqual(['a'])
  })

  it('gets its replies all the same, and is given up when it takes none at all', () => {
    const { session, connection } = connected()
    for (let n = 0; n < 63; n += 1) void session.reply('x'.repeat(1024 * 1024), 1)
    expect([connection.sent.length, connection.ended]).toEqual([63, undefined])
    void session.reply('x'.repeat(1024 * 1024), 1)
    void session.reply('one more', 1)
    expect([connection.sent.length, connection.ended]).toEqual([64, 'takes none of its replies'])
  })
})

describe('notifications that are dropped', () => {
  const payloadsOf = (frames: readonly Buffer[]) => frames.map((frame) => frame.toString().slice(-1))

  it('are not sent, nor sent again to a client that comes back; its replies are', () => {
    const session = new Session('spec', 'a', false, { bytes: 0, maxBytes: 1e9 }, () => {})
    session.filters.set('spec/a/response', 1)
    session.filters.set('spec/a/notify/+', 2)
    const [first, second] = [new StuckConnection(), new StuckConnection()]
    session.attach(first)
    void session.notify('s', 'A', 1)
    first.sent.length = 0 // it has left this process
    session.detach()
    void session.notify('s', 'B', 2)
    void session.reply('C', 1)
    void session.notify('long'.repeat(100), 'D', 1)
    session.dropNotifications()
    void session.notify('s', 'E', 1)
    session.attach(second)
    expect(payloadsOf(second.sent)).toEqual(['C', 'E'])
  })

  it.each([0, 1] as const)('at QoS %i are taken back from a connection that has not sent them yet', (qos) => {
    const { session, connection } = connected(qos)
    void session.notify('s', 'A', 1)
    void session.reply('B', 1)
    void session.notify('t', 'C', 1)
    session.dropNotifications()
    expect(payloadsOf(connection.sent)).toEqual(['B'])
  })
})
