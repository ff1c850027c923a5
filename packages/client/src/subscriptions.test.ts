import { describe, expect, test } from 'vitest'
import { connect } from './connect.ts'
import type { SubscriptionEvent } from './subscription/event.ts'
import type { Subscription } from './subscription/subscription.ts'
import { type Received, ScriptedServer } from './testing/scripted-server.ts'
import { until } from './testing/until.ts'

/** A server that agrees to every subscription, and remembers the ids that it gave; with a change stream, or without. */
async function agreeing(keepsHistory = true) {
  const ids: string[] = []
  const server = await ScriptedServer.start((message: Received) => {
    if (message.operation === 'unsubscribe') return { data: { unsubscribed: true } }
    if (message.operation !== 'subscribe') return { data: [], metadata: { count: 0 } }
    const id = server.nextSubscription()
    ids.push(id)
    return { data: { subscription_id: id, ...(keepsHistory && { at: 'p0' }) } }
  })
  return Object.assign(server, { ids, keepsHistory })
}

type Server = Awaited<ReturnType<typeof agreeing>>

const enter = (seq: number, key = seq) => ({
  operation: 'create',
  change: 'enter',
  key,
  data: { id: key },
  at: `p${seq}`,
  seq,
})

/** Tells the newest subscription of numbers, each as a row that entered. */
function tell(server: Server, ...seqs: number[]): void {
  const id = server.ids.at(-1) ?? ''
  for (const seq of seqs) server.notify('me', id, { ...enter(seq), ...(!server.keepsHistory && { at: undefined }) })
}

const told = (events: SubscriptionEvent[]) =>
  events.map((event) => (event.type === 'reset' ? event.reason : event.type === 'ready' ? 'ready' : event.key))

async function take(sub: Subscription<SubscriptionEvent>, count: number): Promise<SubscriptionEvent[]> {
  const events: SubscriptionEvent[] = []
  while (events.length < count) {
    const { value } = await sub.next()
    if (value) events.push(value)
  }
  return events
}

describe('subscribe', () => {
  test('asks with filters and columns, and is ready when the server agreed', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url)
    await using sub = spec.subscribe('users', { where: { status: 'active' }, columns: ['id'], previous: true })
    await sub.ready
    expect(server.sent('subscribe')[0]).toMatchObject({
      type: 'subscription',
      entity: 'users',
      options: {
        filters: [{ column: 'status', operator: 'eq', value: 'active' }],
        columns: ['id'],
        previous: true,
      },
    })
  })

  test('yields what the server tells, as events', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    await using sub = spec.subscribe('users')
    await sub.ready
    const [id = ''] = server.ids
    server.notify('me', id, enter(1))
    server.notify('me', id, {
      operation: 'update',
      change: 'update',
      key: 1,
      data: { id: 1 },
      changed: ['name'],
      seq: 2,
    })
    server.notify('me', id, { operation: 'update', change: 'leave', key: 1, data: { id: 1 }, changed: ['age'], seq: 3 })
    server.notify('me', id, { operation: 'delete', change: 'leave', key: 2, data: { id: 2 }, seq: 4 })
    server.notify('me', id, { operation: 'ready', data: { at: 'p9' }, seq: 5 })
    server.notify('me', id, { operation: 'reset', data: { reason: 'truncate' }, seq: 6 })
    expect(await take(sub, 6)).toMatchObject([
      { type: 'enter', operation: 'create', key: 1, data: { id: 1 }, at: 'p1', seq: 1 },
      { type: 'update', operation: 'update', changed: ['name'], seq: 2 },
      { type: 'leave', operation: 'update', changed: ['age'], seq: 3 },
      { type: 'leave', operation: 'delete', key: 2, data: { id: 2 }, seq: 4 },
      { type: 'ready', at: 'p9', seq: 5 },
      { type: 'reset', reason: 'truncate', seq: 6 },
    ])
  })

  test('keeps events that come before the reply that names the subscription', async () => {
    await using server = await ScriptedServer.start(() => {
      server.notify('me', 'early', enter(1))
      return { data: { subscription_id: 'early' } }
    })
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    expect(told(await take(sub, 1))).toEqual([1])
  })

  test('that the server refuses rejects ready and the iterator with its error', async () => {
    await using server = await ScriptedServer.start(() => ({
      success: false,
      error: { code: 'forbidden', message: 'no' },
    }))
    await using spec = await connect(server.url)
    const sub = spec.subscribe('users')
    await expect(sub.ready).rejects.toMatchObject({ code: 'forbidden' })
    await expect(sub.next()).rejects.toMatchObject({ code: 'forbidden' })
    expect(await sub.next()).toEqual({ done: true, value: undefined })
  })

  test('tells two subscriptions apart', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const first = spec.subscribe('users')
    await first.ready
    const second = spec.subscribe('users')
    await second.ready
    server.notify('me', server.ids[1] ?? '', enter(1, 20))
    server.notify('me', server.ids[0] ?? '', enter(1, 10))
    expect(told(await take(first, 1))).toEqual([10])
    expect(told(await take(second, 1))).toEqual([20])
  })

  test('delivers a repeated notification once', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 1, 1, 2, 1, 2, 3)
    expect(told(await take(sub, 3))).toEqual([1, 2, 3])
  })

  test('ends at the server a subscription that nobody here knows of', async () => {
    await using server = await agreeing()
    await using _ = await connect(server.url, { clientId: 'me' })
    server.notify('me', 'orphan', enter(1))
    await until(() => server.sent('unsubscribe').length === 1)
    expect(server.sent('unsubscribe')[0]).toMatchObject({ subscription_id: 'orphan' })
  })
})

describe('the end of a subscription', () => {
  test('by break unsubscribes', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 1, 2)
    for await (const event of sub) {
      expect(event.seq).toBe(1)
      break
    }
    await until(() => server.sent('unsubscribe').length === 1)
    expect(server.sent('unsubscribe')[0]).toMatchObject({ type: 'subscription', subscription_id: server.ids[0] })
    expect(await sub.next()).toEqual({ done: true, value: undefined })
  })

  test('by close resolves when the server has ended it, and happens once', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    const waiting = sub.next()
    await Promise.all([sub.close(), sub.unsubscribe()])
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(server.sent('unsubscribe')).toHaveLength(1)
  })

  test('by await using unsubscribes', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url)
    {
      await using sub = spec.subscribe('users')
      await sub.ready
    }
    expect(server.sent('unsubscribe')).toHaveLength(1)
  })

  test('by its signal throws the reason, drops what waits and unsubscribes', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const controller = new AbortController()
    const sub = spec.subscribe('users', { signal: controller.signal })
    await sub.ready
    tell(server, 1)
    await spec.read('users')
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(sub.next()).rejects.toBe(reason)
    await until(() => server.sent('unsubscribe').length === 1)
  })

  test('by a signal that has aborted already asks for nothing', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url)
    const sub = spec.subscribe('users', { signal: AbortSignal.abort(new Error('before')) })
    await expect(sub.ready).rejects.toThrow('before')
    await spec.read('users')
    expect(server.sent('subscribe')).toEqual([])
  })

  test('before the server has agreed unsubscribes once it has', async () => {
    const agree: (() => void)[] = []
    await using server = await ScriptedServer.start(async (message) => {
      if (message.operation === 'subscribe') await new Promise<void>((resolve) => agree.push(resolve))
      return { data: { subscription_id: 's' } }
    })
    await using spec = await connect(server.url)
    const sub = spec.subscribe('users')
    await until(() => agree.length === 1)
    await sub.close()
    await expect(sub.ready).rejects.toMatchObject({ code: 'closed' })
    agree[0]?.()
    await until(() => server.sent('unsubscribe').length === 1)
  })

  test('by the end of the client is not an error', async () => {
    await using server = await agreeing()
    const spec = await connect(server.url)
    const sub = spec.subscribe('users')
    await sub.ready
    const waiting = sub.next()
    await spec.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })
})

describe('a reader that is too slow', () => {
  test('gets what was kept, then overflow, and is unsubscribed', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me', maxBufferedEvents: 3 })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 1, 2, 3, 4, 5)
    await until(() => server.sent('unsubscribe').length === 1)
    expect(told(await take(sub, 3))).toEqual([1, 2, 3])
    await expect(sub.next()).rejects.toMatchObject({ code: 'overflow' })
    expect(await sub.next()).toEqual({ done: true, value: undefined })
  })

  test('does not trouble another', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me', maxBufferedEvents: 2 })
    const slow = spec.subscribe('users')
    await slow.ready
    const fast = spec.subscribe('users')
    await fast.ready
    for (const seq of [1, 2, 3, 4]) {
      server.notify('me', server.ids[0] ?? '', enter(seq))
      server.notify('me', server.ids[1] ?? '', enter(seq))
      expect(told(await take(fast, 1))).toEqual([seq])
    }
  })
})

describe('a gap in the sequence', () => {
  test('is told as a reset once it is subscribed anew, and the old subscription is ended', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 1, 3, 4)
    await until(() => server.ids.length === 2)
    tell(server, 1)
    const events = await take(sub, 3)
    expect(told(events)).toEqual([1, 'gap', 1])
    expect(events[1]).toMatchObject({ type: 'reset', operation: 'reset', seq: 0 })
    expect(server.sent('unsubscribe')).toMatchObject([{ subscription_id: server.ids[0] }])
  })

  test('at the very start is a gap too', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 2)
    expect(told(await take(sub, 1))).toEqual(['gap'])
  })
})

describe('a lost connection', () => {
  test('is survived: subscribed anew, told as a reset, and live again', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users', { where: { age: 1 } })
    await sub.ready
    tell(server, 1)
    expect(told(await take(sub, 1))).toEqual([1])
    server.cut()
    await until(() => server.ids.length === 2)
    tell(server, 1, 2)
    expect(told(await take(sub, 3))).toEqual(['history', 1, 2])
    const [first, second] = server.sent('subscribe')
    expect(second?.options).toEqual(first?.options)
    expect(second?.id).not.toBe(first?.id)
  })

  test('before the server has agreed asks anew, with no reset', async () => {
    await using server = await agreeing(false)
    const { script } = server
    server.script = () => undefined
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await until(() => server.sent('subscribe').length === 1)
    server.script = script
    server.cut()
    await sub.ready
    tell(server, 1)
    expect(told(await take(sub, 1))).toEqual([1])
    expect(new Set(server.sent('subscribe').map((message) => message.id)).size).toBe(2)
  })

  test('leaves what was asked on it without an answer: that would name what has ended with it', async () => {
    await using server = await agreeing(false)
    const { script } = server
    server.script = () => undefined
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await until(() => server.sent('subscribe').length === 1)
    const [first] = server.sent('subscribe')
    server.cut()
    await until(() => server.sent('subscribe').length === 2)
    server.respond('me', { id: first?.id, data: { subscription_id: 'ended' } })
    server.script = script
    server.cut()
    await sub.ready
    tell(server, 1)
    expect(told(await take(sub, 1))).toEqual([1])
  })

  test('does not give a server that never agrees more time than the call has', async () => {
    await using server = await ScriptedServer.start(() => undefined)
    await using spec = await connect(server.url, { clientId: 'me' })
    const start = performance.now()
    const sub = spec.subscribe('users', { timeoutMs: 1_000 })
    await until(() => server.sent('subscribe').length === 1)
    server.cut()
    await expect(sub.ready).rejects.toMatchObject({ code: 'timeout' })
    expect(performance.now() - start).toBeLessThan(3_000)
  })

  test('again while it is subscribed anew tells one reset', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    const { script } = server
    server.script = () => undefined
    server.cut()
    await until(() => server.sent('subscribe').length === 2)
    server.script = script
    server.cut()
    await until(() => server.ids.length === 2)
    tell(server, 1)
    expect(told(await take(sub, 2))).toEqual(['history', 1])
  })

  test('that is refused for a while is survived too', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    server.refuse = () => 5
    server.cut()
    await until(() => spec.connection.state === 'unauthorized')
    server.refuse = () => undefined
    expect(told(await take(sub, 1))).toEqual(['history'])
  })

  test('that is refused while it is subscribed anew is survived as well', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    const { script } = server
    server.script = () => undefined
    server.cut()
    await until(() => server.sent('subscribe').length === 2)
    server.refuse = () => 5
    server.cut()
    await until(() => spec.connection.state === 'unauthorized')
    server.script = script
    server.refuse = () => undefined
    expect(told(await take(sub, 1))).toEqual(['history'])
  })

  test('after which the server refuses the subscription ends it with that error', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    server.script = () => ({ success: false, error: { code: 'forbidden', message: 'no longer' } })
    server.cut()
    await expect(sub.next()).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('ends nothing at a server that has forgotten it', async () => {
    await using server = await agreeing(false)
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    await server.stopListening()
    await until(() => spec.connection.state !== 'online')
    await sub.close()
    await server.listen()
    await spec.read('users')
    expect(server.sent('unsubscribe')).toEqual([])
    expect(server.sent('subscribe')).toHaveLength(1)
  })
})

describe('a place in the stream', () => {
  test('is gone on from after a lost connection: what was missed is told, and no reset', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users', { snapshot: true })
    await sub.ready
    server.notify('me', server.ids[0] ?? '', { operation: 'ready', data: { at: 'p0' }, seq: 1 })
    tell(server, 2, 3)
    expect(told(await take(sub, 3))).toEqual(['ready', 2, 3])
    server.cut()
    await until(() => server.ids.length === 2)
    expect(server.sent('subscribe')[1]?.options).toEqual({ since: 'p3' })
    tell(server, 1)
    server.notify('me', server.ids[1] ?? '', { operation: 'ready', data: { at: 'p9' }, seq: 2 })
    tell(server, 3)
    expect(told(await take(sub, 2))).toEqual([1, 3])
  })

  test('is gone on from after a gap too', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 1, 3)
    await until(() => server.ids.length === 2)
    expect(server.sent('subscribe')[1]?.options).toEqual({ since: 'p1' })
    tell(server, 1)
    expect(told(await take(sub, 2))).toEqual([1, 1])
  })

  test('that the server has forgotten is told as a reset, with the rows that are there, and ready', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    tell(server, 1)
    expect(told(await take(sub, 1))).toEqual([1])
    server.cut()
    await until(() => server.ids.length === 2)
    const id = server.ids[1] ?? ''
    server.notify('me', id, { operation: 'reset', data: { reason: 'history' }, seq: 1 })
    server.notify('me', id, { ...enter(2, 7), operation: 'snapshot', at: undefined })
    server.notify('me', id, { operation: 'ready', data: { at: 'p9' }, seq: 3 })
    expect(told(await take(sub, 3))).toEqual(['history', 7, 'ready'])
  })

  test('is that of the reader, and not of the server, while the beginning is told', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const since = spec.subscribe('users', { since: 'p-7' })
    await since.ready
    const rows = spec.subscribe('users', { snapshot: true })
    await rows.ready
    const kept = spec.subscribe('users', { durable: 'kept' })
    await kept.ready
    server.cut()
    await until(() => server.ids.length === 6)
    const options = server.sent('subscribe').map(({ options }) => options)
    expect(options.slice(3)).toEqual(options.slice(0, 3))
    const [first = '', second = '', third = ''] = server.ids.slice(3)
    for (const id of [first, second, third]) {
      server.notify('me', id, enter(1))
      server.notify('me', id, { operation: 'ready', data: { at: 'p9' }, at: 'p9', seq: 2 })
    }
    expect(told(await take(since, 2))).toEqual([1, 'ready'])
    expect(told(await take(rows, 3))).toEqual(['history', 1, 'ready'])
    expect(told(await take(kept, 2))).toEqual([1, 'ready'])
    server.cut()
    await until(() => server.ids.length === 9)
    const again = server.sent('subscribe').slice(6)
    expect(again.map(({ options }) => options?.since)).toEqual(['p9', 'p9', 'p9'])
  })

  test('that the server does not take is left, and the reset is told', async () => {
    await using server = await agreeing()
    await using spec = await connect(server.url, { clientId: 'me' })
    const sub = spec.subscribe('users')
    await sub.ready
    const { script } = server
    server.script = (message) => {
      if (!(message.options as { since?: string } | undefined)?.since) return script(message)
      return { success: false, error: { code: 'cursor_error', message: 'no', details: { path: ['options', 'since'] } } }
    }
    server.cut()
    await until(() => server.ids.length === 2)
    expect(told(await take(sub, 1))).toEqual(['history'])
  })
})
