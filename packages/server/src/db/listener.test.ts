import { expect, test, vi } from 'vitest'
import { DatabaseError } from './database-error.ts'
import { fakeSessions, turn } from './fake-session.ts'
import { Listener } from './listener.ts'

const logger = { info() {}, warn() {}, error() {} }

test('it says that there may be news when it has begun to listen, at each notification, and when it listens again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { opened, open } = fakeSessions([])
    let notify = (): void => undefined
    const heard = vi.fn()
    const listener = new Listener(
      (lost, notified) => {
        notify = notified ?? notify
        return open(lost)
      },
      'news',
      heard,
      logger,
    )
    await turn()
    expect(opened[0]?.sent).toEqual(['listen news'])
    expect(heard).toHaveBeenCalledTimes(0)
    await opened[0]?.answer()
    expect(heard).toHaveBeenCalledTimes(1)
    notify()
    expect(heard).toHaveBeenCalledTimes(2)
    opened[0]?.cut()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(opened[0]?.closed).toBe(true)
    expect(opened[1]?.sent).toEqual(['listen news'])
    await opened[1]?.answer()
    expect(heard).toHaveBeenCalledTimes(3)
    await listener.stop()
    expect(opened[1]?.closed).toBe(true)
    notify()
    expect(heard).toHaveBeenCalledTimes(3)
  } finally {
    vi.useRealTimers()
  }
})

test('a connection that can not be had is tried again, more and more seldom, and not after its end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    let tries = 0
    const open = () => {
      tries++
      return Promise.reject(new DatabaseError('away', { connectionLost: true }))
    }
    const listener = new Listener(open, 'news', () => undefined, logger)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(tries).toBeGreaterThan(10)
    expect(tries).toBeLessThan(30)
    await listener.stop()
    const before = tries
    await vi.advanceTimersByTimeAsync(60_000)
    expect(tries).toBe(before)
  } finally {
    vi.useRealTimers()
  }
})
