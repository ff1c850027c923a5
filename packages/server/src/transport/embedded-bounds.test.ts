import mqttPacket from 'mqtt-packet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RawClient } from './testing/raw-client.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { type StartedBroker, startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

const KIB = 1024
const MIB = 1024 * KIB
const HUGE_PUBLISH = Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f, 0, 1, 97])

/** Writes as long as the other side takes it, and resolves with how much that was. */
async function stream(client: RawClient, chunk: Buffer, maxBytes: number): Promise<number> {
  let sent = 0
  while (sent < maxBytes && !client.closed) {
    if (!client.socket.write(chunk)) await new Promise((resolve) => setTimeout(resolve, 5))
    sent += chunk.length
  }
  return sent
}

async function expectWorking(started: StartedBroker): Promise<void> {
  await using client = new RawClient(started.port)
  expect(await client.connect('sane')).toBe(0)
  await client.subscribe(['spec/sane/response'])
  client.publish('spec/sane/request', 'ping')
  await until(() => started.messages.at(-1)?.clientId === 'sane', 'a request of another client')
  await started.broker.respond('sane', 'pong')
  expect((await client.next('publish')).payload.toString()).toBe('pong')
}

describe('more bytes than allowed', () => {
  it('before CONNECT close the connection at once, and cost no memory (fault F04)', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    const before = process.memoryUsage().rss
    client.write(HUGE_PUBLISH)
    await stream(client, Buffer.alloc(64 * KIB), 200 * MIB)
    await client.whenClosed()
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * MIB)
    expect(started.ends).toEqual(['first packet of 200000005 bytes'])
    await expectWorking(started)
  })

  it('in a CONNECT close it too', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    client.send({
      cmd: 'connect',
      clientId: 'a',
      clean: true,
      keepalive: 0,
      username: 'u',
      password: Buffer.alloc(17 * KIB),
    })
    await client.whenClosed()
    expect(started.ends[0]).toMatch(/^first packet of 17\d\d\d bytes$/)
  })

  it('a CONNECT that trickles in is given 5 s in all, not for each byte', async () => {
    await using started = await startBroker({ connectTimeoutMs: 300 })
    await using client = new RawClient(started.port)
    const connect = mqttPacket.generate({ cmd: 'connect', clientId: 'slow', clean: true, keepalive: 0 })
    let at = 0
    const trickle = setInterval(() => client.write(connect.subarray(at, ++at)), 50)
    await client.whenClosed()
    clearInterval(trickle)
    expect(at).toBeLessThan(connect.length)
    expect(started.ends).toEqual(['sent no CONNECT in time'])
  })

  it('in a request are acknowledged, read past and reported, and the next one is taken (fault F03)', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    const large = 'x'.repeat(300 * KIB)
    for (const qos of [0, 1, 2] as const) client.publish('spec/alice/request', large, qos, { messageId: 40 + qos })
    client.publish('spec/bob/request', large, 1)
    client.publish('spec/alice/request', 'small')
    expect((await client.next('puback')).messageId).toBe(41)
    expect((await client.next('pubrec')).messageId).toBe(42)
    await client.settled()
    expect(started.messages).toEqual([{ clientId: 'alice', payload: 'small' }])
    expect(started.refused.map(({ topic, reason, payload }) => [topic, reason, payload.length])).toEqual([
      ['spec/alice/request', 'too-large', 0],
      ['spec/alice/request', 'too-large', 0],
      ['spec/alice/request', 'too-large', 0],
      ['spec/bob/request', 'too-large', 0],
    ])
  })

  it('begin one byte over the limit', async () => {
    await using started = await startBroker({ maxRequestBytes: 1_000 })
    await using client = new RawClient(started.port)
    await client.connect('alice')
    client.publish('spec/alice/request', 'x'.repeat(1_000))
    client.publish('spec/alice/request', 'x'.repeat(1_001))
    client.publish('spec/alice/request', 'x'.repeat(5_000))
    await client.settled()
    expect(started.messages.map(({ payload }) => payload.length)).toEqual([1_000])
    expect(started.refused.map(({ reason }) => reason)).toEqual(['too-large', 'too-large'])
  })

  it('too large requests are not held against a client, however many', async () => {
    await using started = await startBroker({ maxRequestBytes: 10 })
    await using client = new RawClient(started.port)
    await client.connect('alice')
    for (let n = 0; n < 50; n += 1) client.publish('spec/alice/request', 'x'.repeat(11))
    await client.settled()
    expect(started.refused).toHaveLength(50)
  })

  it('over 4 MiB close the connection', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    client.write(HUGE_PUBLISH)
    await client.whenClosed()
    expect(started.ends).toEqual(['packet of 200000005 bytes'])
    await expectWorking(started)
  })

  it('a flood of QoS 2 messages that are never released closes it (fault O12)', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    for (let n = 1; n <= 1_001; n += 1) client.publish('spec/alice/request', 'x', 2, { messageId: n })
    await client.whenClosed()
    expect(started.messages).toHaveLength(1_000)
  })
})

describe('a client that does not read (fault O08)', () => {
  it('delays nobody, and is cut off after the drain time-out', async () => {
    await using started = await startBroker({ drainTimeoutMs: 1_500 })
    await using frozen = new RawClient(started.port)
    await using lively = new RawClient(started.port)
    for (const [clientId, client] of Object.entries({ frozen, lively })) {
      await client.connect(clientId)
      await client.subscribe([`spec/${clientId}/notify/+`], 1)
    }
    frozen.socket.pause()
    const begin = Date.now()
    const payload = 'x'.repeat(256 * KIB)
    for (let n = 0; n < 64; n += 1) void started.broker.notify('frozen', 's', payload)
    let slowestMs = 0
    while (!started.log.includes('disconnected frozen session ended')) {
      const sent = performance.now()
      await started.broker.notify('lively', 's', 'tick')
      const { messageId = 0 } = await lively.next('publish')
      lively.send({ cmd: 'puback', messageId })
      slowestMs = Math.max(slowestMs, performance.now() - sent)
      if (Date.now() - begin > 8_000) throw new Error('the frozen client is still there')
    }
    // Who waited for the frozen one would wait as long as that is given.
    expect(slowestMs).toBeLessThan(1_000)
    expect(Date.now() - begin).toBeGreaterThan(1_400)
    expect(Date.now() - begin).toBeLessThan(4_000)
    expect(started.ends).toEqual(['does not read'])
  }, 30_000)

  it('is not cut off while it reads slowly, and gets all of it', async () => {
    await using started = await startBroker({ drainTimeoutMs: 800 })
    await using slow = new RawClient(started.port)
    await slow.connect('slow')
    await slow.subscribe(['spec/slow/notify/+'], 0)
    const payload = 'x'.repeat(7 * MIB)
    slow.socket.on('data', () => {
      slow.socket.pause()
      setTimeout(() => slow.socket.resume(), 25)
    })
    const begin = Date.now()
    await started.broker.notify('slow', 's', payload)
    expect((await slow.next('publish')).payload).toHaveLength(payload.length)
    expect(Date.now() - begin).toBeGreaterThan(2_400)
    expect(slow.closed).toBe(false)
  })
})

describe('nonsense (fault F19)', () => {
  const failures: unknown[] = []
  const note = (error: unknown): void => void failures.push(error)

  beforeEach(() => {
    failures.length = 0
    process.on('uncaughtException', note).on('unhandledRejection', note)
  })

  afterEach(() => {
    process.off('uncaughtException', note).off('unhandledRejection', note)
  })

  const VALID = [
    mqttPacket.generate({
      cmd: 'connect',
      clientId: 'fuzz',
      clean: false,
      keepalive: 0,
      username: 'u',
      password: Buffer.from('p'),
    }),
    mqttPacket.generate({
      cmd: 'subscribe',
      messageId: 3,
      subscriptions: [
        { topic: 'spec/fuzz/response', qos: 1 },
        { topic: 'a/+/#', qos: 2 },
      ],
    }),
    mqttPacket.generate({ cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['spec/fuzz/response', 'x'] }),
    mqttPacket.generate({
      cmd: 'publish',
      topic: 'spec/fuzz/request',
      payload: 'x',
      qos: 2,
      messageId: 5,
      dup: true,
      retain: true,
    }),
    mqttPacket.generate({ cmd: 'publish', topic: 'a', payload: '', qos: 0, dup: false, retain: false }),
    ...(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map((cmd) => mqttPacket.generate({ cmd, messageId: 5 })),
    mqttPacket.generate({ cmd: 'pingreq' }),
    mqttPacket.generate({ cmd: 'suback', messageId: 1, granted: [0] }),
    mqttPacket.generate({ cmd: 'disconnect' }),
  ]

  it('of any kind, before and after CONNECT, brings nothing down', async () => {
    await using started = await startBroker({ connectTimeoutMs: 200 })
    const random = seededRandom(7)
    const end = Date.now() + 4_000
    let sessions = 0
    // On a slow machine for longer, rather than with less.
    while (Date.now() < end || sessions <= 200) {
      const clients = Array.from({ length: 10 }, () => new RawClient(started.port))
      for (const client of clients) {
        if (random() < 0.7) client.write(VALID[0] ?? '')
        for (let n = 0; n < 8; n += 1)
          client.write(mutated(VALID[Math.floor(random() * VALID.length)] ?? Buffer.alloc(0), random))
        client.socket.end()
      }
      await Promise.all(clients.map((client) => client.whenClosed()))
      sessions += clients.length
    }
    expect(sessions).toBeGreaterThan(200)
    expect(failures).toEqual([])
    await expectWorking(started)
    const connects = started.log.filter((line) => line.startsWith('connected fuzz')).length
    const ends = started.log.filter((line) => line.startsWith('disconnected fuzz')).length
    expect(connects).toBeGreaterThan(50)
    expect(ends).toBe(connects)
  }, 30_000)

  /** The same bytes, or some of them changed, cut, doubled, or put in front of noise. */
  function mutated(bytes: Buffer, random: () => number): Buffer {
    const copy = Buffer.from(bytes)
    const times = Math.floor(random() * 4)
    for (let n = 0; n < times; n += 1) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256)
    const how = random()
    if (how < 0.1) return copy.subarray(0, Math.floor(random() * copy.length))
    if (how < 0.2) return Buffer.concat([copy, copy])
    if (how < 0.3)
      return Buffer.concat([copy, Buffer.from(Array.from({ length: 40 }, () => Math.floor(random() * 256)))])
    return copy
  }
})
