import { describe, expect, it } from 'vitest'
import { RawClient } from './testing/raw-client.ts'
import { type StartedBroker, startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

/** Alice at work: connected, listening, and answered. */
async function aliceAtWork(started: StartedBroker): Promise<RawClient> {
  const alice = new RawClient(started.port)
  await alice.connect('alice')
  expect(await alice.subscribe(['spec/alice/response', 'spec/alice/notify/+'])).toEqual([1, 1])
  return alice
}

async function work(started: StartedBroker, alice: RawClient): Promise<void> {
  const before = started.messages.length
  alice.publish('spec/alice/request', 'secret request')
  await until(() => started.messages.length > before, "alice's request")
  await started.broker.respond('alice', 'secret reply')
  await started.broker.notify('alice', 's', 'secret notification')
  for (const _ of ['reply', 'notification']) await alice.next('publish')
}

describe('a client that listens where it may not (fault A05)', () => {
  it('is refused with 0x80, and hears nothing of another while that one works', async () => {
    await using started = await startBroker()
    await using alice = await aliceAtWork(started)
    const filters = [
      '#',
      '+/#',
      'spec/#',
      'spec/+/response',
      'spec/alice/response',
      'spec/alice/notify/+',
      'spec/+/request',
      '$SYS/#',
      '$share/g/spec/+/request',
      '$share/g/spec/alice/response',
    ]
    for (const clean of [true, false]) {
      await using eve = new RawClient(started.port)
      expect(await eve.connect('eve', { clean })).toBe(0)
      for (const filter of filters) expect(await eve.subscribe([filter]), filter).toEqual([128])
      expect(await eve.subscribe(filters)).toEqual(filters.map(() => 128))
      await work(started, alice)
      await eve.settled()
      expect(eve.packets).toEqual([])
    }
  })

  it('is not given on reconnect what it was refused before', async () => {
    await using started = await startBroker()
    await using alice = await aliceAtWork(started)
    for (let n = 0; n < 2; n += 1) {
      await using eve = new RawClient(started.port)
      await eve.connect('eve', { clean: false })
      if (n === 0) await eve.subscribe(['spec/alice/response', 'spec/eve/response', '#'])
      await work(started, alice)
      await eve.settled()
      expect(eve.packets).toEqual([])
      eve.send({ cmd: 'disconnect' })
      await eve.whenClosed()
    }
  })

  it('gets no more than a bounded number of filters', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('many')
    const granted = await client.subscribe(Array.from({ length: 5_000 }, (_, n) => `spec/many/notify/${n}`))
    expect(granted.filter((code) => code === 1)).toHaveLength(256)
    expect(granted.filter((code) => code === 128)).toHaveLength(4_744)
    await client.settled()
  })
})

describe('a client that publishes where it may not (case H01, fault A06)', () => {
  it.each([0, 1, 2] as const)('is acknowledged at QoS %i, reaches nobody, and is reported', async (qos) => {
    await using started = await startBroker()
    await using alice = await aliceAtWork(started)
    await using eve = new RawClient(started.port)
    await eve.connect('eve')
    await eve.subscribe(['spec/eve/response', 'spec/eve/notify/+'])
    const topics = [
      'spec/alice/request',
      'spec/alice/response',
      'spec/alice/notify/s',
      'spec/eve/response',
      'spec/eve/notify/s',
      'spec/$server/x/status',
      '$SYS/x/new/clients',
      'anything',
    ]
    for (const topic of topics) {
      eve.publish(topic, `{"id":"${topic}"}`, qos)
      if (qos === 1) await eve.next('puback')
      if (qos === 2) await eve.next('pubrec')
    }
    await eve.settled()
    await alice.settled()
    expect(started.refused.map(({ topic, reason, clientId }) => ({ topic, reason, clientId }))).toEqual(
      topics.map((topic) => ({ topic, reason: 'topic', clientId: 'eve' })),
    )
    expect(Buffer.from(started.refused[0]?.payload ?? []).toString()).toBe('{"id":"spec/alice/request"}')
    expect(started.messages).toEqual([])
    expect([alice.packets, eve.packets]).toEqual([[], []])
    expect([alice.closed, eve.closed]).toEqual([false, false])
  })

  it('is disconnected after 20 of them in a minute', async () => {
    await using started = await startBroker()
    await using eve = new RawClient(started.port)
    await eve.connect('eve')
    for (let n = 0; n < 19; n += 1) eve.publish('spec/alice/request', '{}')
    await eve.settled()
    expect(eve.closed).toBe(false)
    eve.publish('spec/alice/request', '{}')
    await eve.whenClosed()
    expect(started.refused).toHaveLength(20)
    expect(started.log.at(-1)).toBe('disconnected eve session ended')
  })

  it('may tell its status, which nobody hears', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    client.publish('spec/alice/status', 'here', 1, { retain: true })
    await client.next('puback')
    expect([started.messages, started.refused]).toEqual([[], []])
  })

  it('is cut off for a wildcard in the topic of a PUBLISH', async () => {
    for (const topic of ['spec/+/request', 'spec/#', 'spec/a\0/request']) {
      await using started = await startBroker()
      await using client = new RawClient(started.port)
      await client.connect('eve')
      const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from([0, 1, 120])])
      client.write(Buffer.concat([Buffer.from([0x32, body.length]), body]))
      await client.whenClosed()
      expect(started.refused).toEqual([])
    }
  })
})

describe('a retained request (fault A08)', () => {
  it('is acknowledged, refused, and not there after a reconnect', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    await client.subscribe(['spec/alice/response'])
    client.publish('spec/alice/request', '{"id":"r"}', 1, { retain: true })
    await client.next('puback')
    expect(started.refused).toMatchObject([{ reason: 'retained', topic: 'spec/alice/request' }])
    expect(started.messages).toEqual([])
  })
})

describe('a will (fault A07)', () => {
  const will = (topic: string, retain = false) => ({ topic, payload: Buffer.from('boo'), qos: 1 as const, retain })

  it('on any topic but the own status refuses the connection with 5', async () => {
    await using started = await startBroker()
    for (const topic of ['spec/alice/response', 'spec/eve/request', 'spec/eve/response', 'spec/alice/status', 'x']) {
      await using eve = new RawClient(started.port)
      expect(await eve.connect('eve', { will: will(topic) }), topic).toBe(5)
      await eve.whenClosed()
    }
    expect(started.connecting).toEqual([])
  })

  it('on the own status is taken, and reaches nobody', async () => {
    await using started = await startBroker()
    await using alice = await aliceAtWork(started)
    for (const retain of [false, true]) {
      await using client = new RawClient(started.port)
      expect(await client.connect('bob', { will: will('spec/bob/status', retain) })).toBe(0)
      client.socket.destroy()
      await until(() => started.log.at(-1) === 'disconnected bob session ended', 'bob is gone')
    }
    await alice.settled()
    expect(alice.packets).toEqual([])
    expect(started.messages).toEqual([])
  })
})

describe('the status of the server', () => {
  it('is told to who asks', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    expect(await client.subscribe(['spec/$server/+/status'])).toEqual([1])
    const status = await client.next('publish')
    expect(status.topic).toMatch(/^spec\/\$server\/[\w-]+\/status$/)
    expect(status).toMatchObject({ retain: true, qos: 0 })
    expect(status.payload.toString()).toBe('{"status":"online"}')
  })
})
