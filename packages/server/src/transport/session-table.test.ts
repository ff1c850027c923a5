import { describe, expect, it } from 'vitest'
import { SessionTable } from './session-table.ts'

function table(options: { maxAbsent?: number; maxHeldBytes?: number } = {}) {
  const log: string[] = []
  const sessions = new SessionTable(
    { prefix: 'spec', maxAbsent: 2, expiryMs: 1_000, maxHeldBytes: 10_000, ...options },
    { sessionEnded: (clientId) => void log.push(`ended ${clientId}`), overflowed: () => {} },
  )
  const visit = (clientId: string, nowMs: number, clean = false) =>
    sessions.leave(sessions.enter(clientId, clean), nowMs)
  return { sessions, log, visit }
}

describe('SessionTable', () => {
  it('gives up sessions whose client stays away, those that left first', () => {
    const { sessions, log, visit } = table()
    visit('a', 0)
    visit('b', 500)
    sessions.expire(999)
    expect(log).toEqual([])
    sessions.expire(1_000)
    expect(log).toEqual(['ended a'])
    expect(sessions.find('a')).toBeUndefined()
    expect(sessions.find('b')).toBeDefined()
    sessions.expire(9_000)
    expect(log).toEqual(['ended a', 'ended b'])
  })

  it('counts the time anew when a client was back in between', () => {
    const { sessions, log, visit } = table()
    visit('a', 0)
    visit('b', 100)
    visit('a', 900)
    sessions.expire(1_200)
    expect(log).toEqual(['ended b'])
  })

  it('holds a bounded number of sessions for clients that are away', () => {
    const { log, visit } = table()
    for (const [at, clientId] of ['a', 'b', 'c', 'd'].entries()) visit(clientId, at)
    expect(log).toEqual(['ended a', 'ended b'])
  })

  it('never gives up a session whose client is there', () => {
    const { sessions, log } = table()
    sessions.enter('here', false)
    sessions.expire(1e9)
    expect(log).toEqual([])
  })

  it('says that a clean session ended with its connection, and keeps nothing of it', () => {
    const { sessions, visit, log } = table()
    expect(visit('a', 0, true)).toBe(true)
    expect(visit('b', 0)).toBe(false)
    expect(sessions.find('a')).toBeUndefined()
    expect(log).toEqual([])
  })

  it('bounds what all sessions hold together', async () => {
    const { sessions, visit } = table({ maxHeldBytes: 1_000 })
    for (const clientId of ['a', 'b']) {
      const session = sessions.enter(clientId, false)
      session.filters.set(`spec/${clientId}/notify/+`, 1)
      visit(clientId, 0)
    }
    for (let n = 0; n < 100; n += 1) {
      for (const clientId of ['a', 'b']) await sessions.find(clientId)?.notify('s', 'x'.repeat(100), 1)
    }
    const sent: Buffer[] = []
    const connection = {
      unsentBytes: 0,
      unsentFrames: 0,
      send: (frame: Buffer) => void sent.push(frame),
      takeBack: () => [],
      end: () => {},
    }
    for (const clientId of ['a', 'b']) sessions.find(clientId)?.attach(connection)
    expect(sent.length).toBeLessThan(10)
    sessions.clear()
    sent.length = 0
    const session = sessions.enter('c', false)
    session.filters.set('spec/c/notify/+', 1)
    visit('c', 0)
    await session.notify('s', 'room again', 1)
    session.attach(connection)
    expect(sent).toHaveLength(1)
  })
})
