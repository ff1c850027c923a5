import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AdmissionRules, admission } from './admission.ts'
import { BrokerAcl } from './broker-acl.ts'
import type { ConnectRefusal } from './transport.ts'

const alice = {
  clientId: 'alice',
  username: undefined,
  password: undefined,
  clean: true,
  remoteAddress: undefined,
  certificate: undefined,
}

function rules(connecting: () => Promise<ConnectRefusal | undefined>): AdmissionRules {
  return { acl: new BrokerAcl('spec'), receiver: { connecting }, hasRoom: () => true, failed: () => {} }
}

describe('the answer to a client that wants to connect', () => {
  afterEach(() => void vi.useRealTimers())

  it('is that the server is unavailable when it takes more than 5 s, and leaves no timer', async () => {
    vi.useFakeTimers()
    let answer: (refusal: undefined) => void = () => {}
    const asked = admission(
      alice,
      undefined,
      rules(() => new Promise((resolve) => (answer = resolve))),
    )
    await vi.advanceTimersByTimeAsync(4_999)
    expect(await Promise.race([asked, 'waiting'])).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(await asked).toBe(3)
    answer(undefined)
    const quick = admission(
      alice,
      undefined,
      rules(async () => undefined),
    )
    expect(await quick).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('survives one that fails only after that', async () => {
    vi.useFakeTimers()
    let fail: (error: Error) => void = () => {}
    const asked = admission(
      alice,
      undefined,
      rules(() => new Promise((_, reject) => (fail = reject))),
    )
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await asked).toBe(3)
    fail(new Error('much too late'))
    await vi.advanceTimersByTimeAsync(1)
  })
})
