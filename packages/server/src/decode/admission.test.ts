import { DEFAULT_LIMITS, isSpecError } from '@mqttspec/protocol'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Admission, type AdmissionLimits } from './admission.ts'

/** An admission whose clock and whose work a test holds in its hands. */
function admission(limits: Partial<AdmissionLimits> = {}) {
  const clock = { ms: 0 }
  const started: string[] = []
  const running: { readonly name: string; readonly worked: () => void; readonly end: () => void }[] = []
  const admits = new Admission({ ...DEFAULT_LIMITS, ...limits }, () => clock.ms)
  let ended = 0
  const send = (clientId: string, name = clientId, bytes = 10) => {
    const admitted = admits.admit(clientId, bytes, (worked) => {
      started.push(name)
      return new Promise((end) => running.push({ name, worked, end }))
    })
    if (isSpecError(admitted)) return { code: admitted.code, retryAfterMs: admitted.details?.retry_after_ms }
    void admitted.then(() => (ended += 1))
    return undefined
  }
  /** Ends the work that has run longest. */
  const endOne = async () => {
    running.shift()?.end()
    await new Promise(setImmediate)
  }
  return { admits, clock, started, running, send, endOne, ended: () => ended }
}

describe('messages in flight', () => {
  test('of one client are 32 at once, and the next one runs when one of them has ended', async () => {
    const { admits, started, send, endOne } = admission()
    for (let count = 0; count < 40; count += 1) send('a')
    expect([started.length, admits.waiting]).toEqual([32, 8])
    await endOne()
    expect([started.length, admits.waiting]).toEqual([33, 7])
  })

  test('of all clients are 1,000 at once', () => {
    const { admits, send } = admission()
    for (let count = 0; count < 1_100; count += 1) send(`client-${count % 100}`)
    expect([admits.running, admits.waiting]).toEqual([1_000, 100])
  })

  test('wait in the order in which one client sent them, and clients take turns however much each has sent', async () => {
    const { started, send, endOne } = admission({ maxInFlight: 1, maxInFlightPerClient: 1 })
    for (let count = 0; count < 5; count += 1) send('flood', `flood-${count}`)
    for (let count = 0; count < 2; count += 1) send('a', `a-${count}`)
    send('b', 'b-0')
    for (let count = 0; count < 8; count += 1) await endOne()
    expect(started).toEqual(['flood-0', 'a-0', 'b-0', 'flood-1', 'a-1', 'flood-2', 'flood-3', 'flood-4'])
  })

  test('make room in the server, but not for their own client, while their replies wait for it to read', async () => {
    const { admits, started, running, send, endOne } = admission({ maxInFlight: 2, maxInFlightPerClient: 2 })
    for (let count = 0; count < 3; count += 1) send('slow')
    send('quick')
    expect(started).toEqual(['slow', 'slow'])
    for (const { worked } of running) worked()
    expect(started).toEqual(['slow', 'slow', 'quick'])
    await endOne()
    expect(started).toEqual(['slow', 'slow', 'quick', 'slow'])
    for (let count = 0; count < 3; count += 1) await endOne()
    expect([admits.running, admits.waiting]).toEqual([0, 0])
  })
})

describe('what waits', () => {
  test.each([{ maxQueuedPerClient: 3 }, { maxQueued: 3 }, { maxQueuedBytesPerClient: 30 }, { maxQueuedBytes: 39 }])(
    'is bounded, and over it is overloaded: %o',
    (limits) => {
      const { send } = admission({ maxInFlightPerClient: 1, ...limits })
      const answers = Array.from({ length: 6 }, () => send('a'))
      const overloaded = { code: 'overloaded', retryAfterMs: 500 }
      expect(answers).toEqual([undefined, undefined, undefined, undefined, overloaded, overloaded])
    },
  )

  test('of one client takes no room from another', () => {
    const { send } = admission({ maxInFlight: 1, maxQueuedPerClient: 2 })
    expect(['a', 'a', 'a', 'a', 'b', 'b', 'b'].map((client) => send(client)?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      'overloaded',
      undefined,
      undefined,
      'overloaded',
    ])
  })
})

describe('the rate of a client', () => {
  test('is 2,000 at once and 1,000 a second, and over it says when to come again', async () => {
    const { clock, send, endOne } = admission()
    const burst = async (count: number) => {
      let refused = 0
      for (let sent = 0; sent < count; sent += 1) {
        if (send('a')?.code === 'rate_limited') refused += 1
        else await endOne()
      }
      return refused
    }
    expect(await burst(2_100)).toBe(100)
    expect(send('a')).toEqual({ code: 'rate_limited', retryAfterMs: 100 })
    clock.ms += 100
    expect(await burst(101)).toBe(1)
    clock.ms += 60_000
    expect(await burst(2_001)).toBe(1)
    expect(send('b')).toBeUndefined()
  })

  test('says no longer a time than brings the burst back, when that is small', () => {
    const { send } = admission({ maxRequestsPerSecond: 100, maxRequestBurst: 2 })
    expect([send('a'), send('a')]).toEqual([undefined, undefined])
    expect(send('a')).toEqual({ code: 'rate_limited', retryAfterMs: 20 })
  })

  test('is kept of a bounded number of clients that are idle', async () => {
    const { admits, clock, send, endOne } = admission()
    for (let count = 0; count < 10_000; count += 1) {
      clock.ms += 1
      send(`client-${count}`)
      await endOne()
    }
    expect(admits.clients).toBeLessThanOrEqual(2_000)
  }, 30_000)
})

test('whatever is sent and ends in whatever order: bounds hold, everything admitted runs once, and nothing is left', async () => {
  const limits = { maxInFlight: 4, maxInFlightPerClient: 2, maxQueuedPerClient: 5, maxQueued: 8 }
  const step = fc.oneof(
    fc.record({ send: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ work: fc.nat(3) }),
    fc.record({ end: fc.nat(3) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const { admits, running, started, send, ended } = admission(limits)
      let admitted = 0
      for (const does of steps) {
        if ('send' in does) admitted += send(does.send) ? 0 : 1
        else if ('work' in does) running[does.work]?.worked()
        else running.splice(does.end, 1)[0]?.end()
        await Promise.resolve()
        expect(admits.running).toBeLessThanOrEqual(4)
        expect(admits.waiting).toBeLessThanOrEqual(8)
        for (const name of ['a', 'b', 'c'])
          expect(running.filter((of) => of.name === name).length).toBeLessThanOrEqual(2)
      }
      while (running.length > 0) {
        running.shift()?.end()
        await new Promise(setImmediate)
      }
      await new Promise(setImmediate)
      expect([started.length, ended(), admits.running, admits.waiting]).toEqual([admitted, admitted, 0, 0])
    }),
    { numRuns: 200 },
  )
})
