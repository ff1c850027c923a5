import { SpecError } from '@mqttspec/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { IdentityAttempts } from './identity-attempts.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const wrong = () => Promise.reject(new SpecError('auth_error', 'no'))
const right = () => Promise.resolve('in')

/** How long a refusal took, in milliseconds of the clock that stands still by itself. */
async function refusal(attempts: IdentityAttempts, address: string, username: string): Promise<number> {
  const from = Date.now()
  const refused = expect(attempts.run({ address, username }, wrong)).rejects.toMatchObject({ code: 'auth_error' })
  await vi.runAllTimersAsync()
  await refused
  return Date.now() - from
}

describe('wrong logins', () => {
  test('of one address are refused at once at first, and later each time after that, up to the longest delay', async () => {
    const attempts = new IdentityAttempts({ free: 3, maxDelayMs: 1_000 })
    const times: number[] = []
    for (let at = 0; at < 9; at += 1) times.push(await refusal(attempts, '10.0.0.1', `user${at}`))
    expect(times).toEqual([0, 0, 0, 100, 200, 400, 800, 1_000, 1_000])
    expect(await refusal(attempts, '10.0.0.2', 'other')).toBe(0)
  })

  test('of one user name from many addresses are refused later each time too', async () => {
    const attempts = new IdentityAttempts({ free: 3, maxDelayMs: 1_000 })
    const times: number[] = []
    for (let at = 0; at < 5; at += 1) times.push(await refusal(attempts, `10.0.0.${at}`, 'ann'))
    expect(times).toEqual([0, 0, 0, 100, 200])
  })

  test('are forgotten after a minute', async () => {
    const attempts = new IdentityAttempts({ free: 1, maxDelayMs: 1_000 })
    await refusal(attempts, 'a', 'ann')
    expect(await refusal(attempts, 'a', 'ann')).toBe(100)
    vi.advanceTimersByTime(60_001)
    expect(await refusal(attempts, 'a', 'ann')).toBe(0)
  })

  test('are not slowed where no delay is wanted', async () => {
    const attempts = new IdentityAttempts({ free: 0, maxDelayMs: 0 })
    for (let at = 0; at < 5; at += 1) expect(await refusal(attempts, 'a', 'ann')).toBe(0)
  })
})

describe('a right login', () => {
  test('waits for nothing, whatever others have tried from its address and by its name', async () => {
    const attempts = new IdentityAttempts({ free: 1, maxDelayMs: 1_000 })
    for (let at = 0; at < 8; at += 1) await refusal(attempts, 'a', 'ann')
    const from = Date.now()
    expect(await attempts.run({ address: 'a', username: 'ann' }, right)).toBe('in')
    expect(Date.now()).toBe(from)
  })

  test('comes in again while so many wrong ones wait that nobody else is looked at', async () => {
    const attempts = new IdentityAttempts({ free: 1, maxDelayMs: 60_000 })
    await attempts.run({ address: 'a', username: 'ann' }, right)
    for (let at = 0; at < 3; at += 1) await refusal(attempts, 'b', `user${at}`)
    await refusal(attempts, 'a', 'bob')
    await refusal(attempts, 'a', 'bob')
    const waiting = Array.from({ length: 100 }, () => attempts.run({ address: 'a', username: 'bob' }, wrong))
    const settled = Promise.allSettled(waiting)
    await vi.advanceTimersByTimeAsync(0)
    const looked = vi.fn(right)
    await expect(attempts.run({ address: 'a', username: 'new' }, looked)).rejects.toMatchObject({
      code: 'rate_limited',
    })
    await expect(attempts.run({ address: 'c', username: 'bob' }, looked)).rejects.toMatchObject({
      code: 'rate_limited',
    })
    expect(looked).not.toHaveBeenCalled()
    expect(await attempts.run({ address: 'a', username: 'ann' }, right)).toBe('in')
    expect(await attempts.run({ address: 'c', username: 'new' }, right)).toBe('in')
    await vi.runAllTimersAsync()
    await settled
    expect(await attempts.run({ address: 'a', username: 'new' }, right)).toBe('in')
  })
})

test('an address that speaks for many is made to wait, and keeps nobody out', async () => {
  const attempts = new IdentityAttempts({ free: 0, maxDelayMs: 1_000 })
  const from = { address: 'proxy', isShared: true, username: undefined }
  const settled = Promise.allSettled(Array.from({ length: 300 }, () => attempts.run(from, wrong)))
  await vi.advanceTimersByTimeAsync(500)
  expect(await attempts.run(from, right)).toBe('in')
  await vi.runAllTimersAsync()
  expect((await settled).every(({ status }) => status === 'rejected')).toBe(true)
})

test('stopping answers all that wait, and leaves no timer', async () => {
  const attempts = new IdentityAttempts({ free: 0, maxDelayMs: 4_000 })
  const refused = Promise.allSettled([1, 2, 3].map(() => attempts.run({ address: 'a', username: 'ann' }, wrong)))
  await vi.advanceTimersByTimeAsync(0)
  expect(vi.getTimerCount()).toBe(3)
  attempts.stop()
  expect((await refused).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(vi.getTimerCount()).toBe(0)
})
