import { Socket } from 'node:net'
import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, it, vi } from 'vitest'
import { ExternalBroker, type ExternalBrokerOptions } from './external-broker.ts'
import { type PlainBroker, recordingReceiver, startPlainBroker } from './testing/plain-broker.ts'
import { until } from './testing/until.ts'
import type { Qos } from './transport.ts'

interface StartOptions extends Partial<ExternalBrokerOptions> {
  readonly qos?: Qos
}

/** A transport that answers each request with `re: ` and the request, and disposes of itself. */
async function startTransport(url: string, { qos = 1, ...options }: StartOptions = {}) {
  const notes: string[] = []
  const transport = new ExternalBroker(
    { url, reconnectDelayMs: 20, connectTimeoutMs: 2_000, ...options },
    {
      topicPrefix: 'spec',
      qos: { request: qos, response: qos, notification: qos },
      maxRequestBytes: 1_000,
      logger: {
        info: (_facts, message) => void notes.push(message),
        warn: (_facts, message) => void notes.push(message),
        error: (_facts, message) => void notes.push(message),
      },
    },
  )
  const receiver = recordingReceiver((clientId, payload) => void transport.respond(clientId, `re: ${payload}`))
  await transport.start(receiver)
  return { transport, notes, log: receiver.log, [Symbol.asyncDispose]: () => transport.stop() }
}

async function client(url: string, clientId: string): Promise<MqttClient & AsyncDisposable & { got: string[] }> {
  const connected = await mqtt.connectAsync(url, { clientId, reconnectPeriod: 50 })
  const got: string[] = []
  connected.on('message', (topic, payload) => got.push(`${topic} ${payload}`))
  await connected.subscribeAsync([`spec/${clientId}/response`, `spec/${clientId}/notify/+`], { qos: 2 })
  return Object.assign(connected, { got, [Symbol.asyncDispose]: () => connected.endAsync(true) })
}

async function cutAndRestart(broker: PlainBroker): Promise<void> {
  await broker.goAway()
  await broker.listen()
}

describe('a broker that runs elsewhere', () => {
  it.each([0, 1, 2] as const)('carries requests, replies and notifications at QoS %i', async (qos) => {
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url, { qos })
    await using alice = await client(broker.url, 'alice')
    for (const n of [1, 2, 3]) await alice.publishAsync('spec/alice/request', `${n}`, { qos })
    await until(() => alice.got.length >= 3, 'replies')
    await started.transport.notify('alice', 's', 'news')
    await until(() => alice.got.length >= 4, 'a notification')
    expect(alice.got).toEqual([...[1, 2, 3].map((n) => `spec/alice/response re: ${n}`), 'spec/alice/notify/s news'])
    expect(started.log).toEqual(['message alice 1', 'message alice 2', 'message alice 3'])
    expect(started.transport.isListening()).toBe(true)
  })

  it('is spoken to without delay, also after a reconnect', async () => {
    const noDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url)
    expect(noDelay.mock.calls).toEqual([[true]])
    await cutAndRestart(broker)
    await until(() => started.notes.includes('the broker is back'), 'back')
    expect(noDelay.mock.calls.length).toBeGreaterThan(1)
    noDelay.mockRestore()
  })

  it('gets only what is fit to be taken', async () => {
    await using broker = await startPlainBroker()
    await using publisher = await client(broker.url, 'publisher')
    await publisher.publishAsync('spec/alice/request', 'retained long ago', { qos: 1, retain: true })
    await using started = await startTransport(broker.url)
    await publisher.publishAsync('spec/a b/request', 'no client has this id', { qos: 1 })
    await publisher.publishAsync('spec/alice/request', 'x'.repeat(1_001), { qos: 1 })
    await publisher.publishAsync('spec/alice/request', 'new', { qos: 1 })
    await until(() => started.log.includes('message alice new'), 'the request')
    expect(started.log).toEqual(['refused alice too-large 0', 'message alice new'])
  })

  it('tells of the server by a retained status and a last will', async () => {
    await using broker = await startPlainBroker()
    const started = await startTransport(broker.url, { clientId: 'server-1' })
    await using watcher = await client(broker.url, 'watcher')
    const seen: string[] = []
    watcher.on('message', (topic, payload, { retain }) => seen.push(`${topic} ${payload}${retain ? ' retained' : ''}`))
    await until(() => started.log, 'started')
    await watcher.subscribeAsync('spec/$server/+/status', { qos: 1 })
    await until(() => seen.length === 1, 'the status of a server that was there first')
    for (const socket of broker.sockets) if (socket.remotePort && isOf(broker, socket, 'server-1')) socket.destroy()
    await until(() => seen.length === 3, 'gone and back')
    await started.transport.stop()
    await until(() => seen.length === 5, 'stopped')
    const topic = 'spec/$server/server-1/status'
    expect(seen).toEqual([
      `${topic} {"status":"online"} retained`,
      `${topic} {"status":"offline"}`,
      `${topic} {"status":"online"}`,
      `${topic} {"status":"offline"}`,
      `${topic} `,
    ])
  })
})

describe('the status of a server that was cut off', () => {
  it('is what a client finds that comes later', async () => {
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url, { clientId: 'server-1', reconnectDelayMs: 60_000 })
    for (const socket of broker.sockets) socket.destroy()
    await until(() => started.notes.includes('lost the broker'), 'lost')
    await using watcher = await client(broker.url, 'watcher')
    await watcher.subscribeAsync('spec/$server/+/status', { qos: 1 })
    await until(() => watcher.got.length > 0, 'its status')
    expect(watcher.got).toEqual(['spec/$server/server-1/status {"status":"offline"}'])
  })
})

describe('the start', () => {
  it('fails when no broker answers, with a word on why, and none on the password', async () => {
    const begin = Date.now()
    const start = startTransport('mqtt://user:hush@127.0.0.1:9', { connectTimeoutMs: 300 })
    const error = await start.then(
      () => undefined,
      (cause: unknown) => cause as Error,
    )
    expect(error?.message).toMatch(/^the broker mqtt:\/\/127\.0\.0\.1:9 did not answer within 300 ms: .*ECONNREFUSED/)
    expect(error?.message).not.toContain('hush')
    expect(Date.now() - begin).toBeLessThan(2_000)
  })

  it('fails when the broker takes the connection and says nothing', async () => {
    await using broker = await startPlainBroker({ preConnect: () => {} })
    await expect(startTransport(broker.url, { connectTimeoutMs: 200 })).rejects.toThrow('did not answer within 200 ms')
  })

  it('fails at once when the broker says no', async () => {
    await using broker = await startPlainBroker({ authenticate: (_client, _name, _word, done) => done(null, false) })
    const begin = Date.now()
    await expect(startTransport(broker.url)).rejects.toThrow(/refused this server: .*Not authorized/)
    // And not after the ten seconds that it would wait for an answer.
    expect(Date.now() - begin).toBeLessThan(5_000)
  })

  it('fails when the server may not hear requests', async () => {
    await using broker = await startPlainBroker({ authorizeSubscribe: (_client, _filter, done) => done(null, null) })
    await expect(startTransport(broker.url)).rejects.toThrow(
      'refused this server: it may not subscribe to spec/+/request',
    )
  })

  it('fails with a group on a broker that grants shared subscriptions and delivers nothing', async () => {
    await using broker = await startPlainBroker()
    const start = startTransport(broker.url, { group: 'workers', connectTimeoutMs: 500 })
    await expect(start).rejects.toThrow('it takes shared subscriptions and delivers nothing to them')
  }, 30_000)

  it('fails on a url that is none', async () => {
    await expect(startTransport('nonsense', { connectTimeoutMs: 100 })).rejects.toThrow('at an unreadable url')
  })

  it('waits for a broker that starts a little later', async () => {
    await using broker = await startPlainBroker()
    await broker.goAway()
    const starting = startTransport(broker.url)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await broker.listen()
    await using _started = await starting
  })

  it('can be stopped while it waits', async () => {
    const settings = {
      topicPrefix: 'spec',
      qos: { request: 1, response: 1, notification: 1 },
      maxRequestBytes: 1,
    } as const
    const logger = { info: () => {}, warn: () => {}, error: () => {} }
    const transport = new ExternalBroker(
      { url: 'mqtt://127.0.0.1:9', reconnectDelayMs: 1_000 },
      { ...settings, logger },
    )
    const starting = transport.start(recordingReceiver())
    await Promise.all([expect(starting).rejects.toThrow(), transport.stop()])
  })
})

describe('a broker that goes away', () => {
  it('is connected to again, and asked for requests again', async () => {
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url)
    await using alice = await client(broker.url, 'alice')
    for (let round = 1; round <= 3; round += 1) {
      await cutAndRestart(broker)
      await until(() => started.notes.filter((note) => note === 'the broker is back').length === round, 'back')
      await until(() => alice.connected, 'alice is back')
      await alice.publishAsync('spec/alice/request', `${round}`, { qos: 1 })
      await until(() => alice.got.includes(`spec/alice/response re: ${round}`), 'the reply')
    }
  })

  it('gets what it had not acknowledged, in order, when it is back', async () => {
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url)
    const heard: string[] = []
    broker.aedes.on('publish', ({ topic, payload }) => void (topic.includes('/notify/') && heard.push(`${payload}`)))
    await broker.goAway()
    await until(() => started.notes.includes('lost the broker'), 'lost')
    for (let n = 0; n < 100; n += 1) await started.transport.notify('alice', 's', `${n}`)
    await broker.listen()
    await until(() => heard.length >= 100, 'all of it')
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`))
  })

  it('is not waited for, and who missed something is told when it is back', async () => {
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url)
    await broker.goAway()
    await until(() => started.notes.includes('lost the broker'), 'lost')
    const payload = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 40; n += 1) await started.transport.notify('alice', 's', payload)
    await started.transport.notify('bob', 's', 'small')
    expect(started.log).toEqual([])
    await broker.listen()
    await until(() => started.log.length >= 2, 'both are told')
    expect(started.log).toEqual(['overflowed alice', 'overflowed bob'])
  })

  it('is given up after as many attempts as are allowed', async () => {
    await using broker = await startPlainBroker()
    await using started = await startTransport(broker.url, { maxReconnect: 2 })
    await broker.goAway()
    await until(() => started.notes.includes('gave the broker up'), 'given up')
    expect(started.notes.filter((note) => note === 'could not reach the broker')).toHaveLength(2)
  })
})

describe('the stop', () => {
  it('lets the broker have what was sent, may come twice, and leaves no handle', async () => {
    await using broker = await startPlainBroker()
    const heard: string[] = []
    broker.aedes.on('publish', ({ topic, payload }) => void (topic.includes('/response') && heard.push(`${payload}`)))
    const before = process.getActiveResourcesInfo().length
    const started = await startTransport(broker.url)
    for (let n = 0; n < 500; n += 1) void started.transport.respond('alice', `${n}`)
    await Promise.all([started.transport.stop(), started.transport.stop()])
    await started.transport.respond('alice', 'late')
    expect(heard).toHaveLength(500)
    await until(() => process.getActiveResourcesInfo().length <= before, 'as few handles as before')
  })

  it('does not wait for a broker that is gone', async () => {
    await using broker = await startPlainBroker()
    const started = await startTransport(broker.url)
    await broker.goAway()
    await until(() => started.notes.includes('lost the broker'), 'lost')
    void started.transport.respond('alice', 'never')
    const begin = Date.now()
    await started.transport.stop()
    // It would wait two seconds for what is on its way to a broker that is there.
    expect(Date.now() - begin).toBeLessThan(1_500)
  })
})

/** Is this the socket of that client? */
function isOf({ aedes }: PlainBroker, socket: Socket, clientId: string): boolean {
  const clients = (aedes as unknown as { clients: Record<string, { conn: unknown }> }).clients
  return clients[clientId]?.conn === socket
}
