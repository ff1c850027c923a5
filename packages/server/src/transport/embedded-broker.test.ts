import { connect } from 'node:net'
import mqtt from 'mqtt'
import { describe, expect, it } from 'vitest'
import { EmbeddedBroker } from './embedded-broker.ts'
import { RawClient } from './testing/raw-client.ts'
import { startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

const QOS = [0, 1, 2] as const

/** A broker that answers each request with `re: ` and the request, at one QoS in every direction. */
const echo = (qos: 0 | 1 | 2 = 1) =>
  startBroker({
    qos: { request: qos, response: qos, notification: qos },
    answer: ({ broker }, clientId, payload) => void broker.respond(clientId, `re: ${payload}`),
  })

const payloads = (client: RawClient): string[] =>
  client.packets.flatMap((packet) => (packet.cmd === 'publish' ? [packet.payload.toString()] : []))

describe('a request and its reply', () => {
  it.each(QOS)('go through at QoS %i, once each, in order', async (qos) => {
    await using started = await echo(qos)
    const client = await mqtt.connectAsync(started.url, { clientId: 'alice' })
    const replies: string[] = []
    client.on('message', (topic, payload, packet) => replies.push(`${topic} ${payload} ${packet.qos}`))
    await client.subscribeAsync('spec/alice/response', { qos: 2 })
    for (const n of [1, 2, 3]) await client.publishAsync('spec/alice/request', `${n}`, { qos })
    await until(() => replies.length >= 3, 'three replies')
    await client.endAsync()
    expect(replies).toEqual([1, 2, 3].map((n) => `spec/alice/response re: ${n} ${qos}`))
    expect(started.messages.map(({ payload }) => payload)).toEqual(['1', '2', '3'])
  })

  it('a reply comes at no higher QoS than was granted', async () => {
    await using started = await echo(2)
    for (const granted of QOS) {
      await using client = new RawClient(started.port)
      await client.connect(`c${granted}`)
      expect(await client.subscribe([`spec/c${granted}/response`], granted)).toEqual([granted])
      client.publish(`spec/c${granted}/request`, 'hi', 0)
      expect((await client.next('publish')).qos).toBe(granted)
    }
  })

  it('is heard although the client subscribes and asks in one breath with its CONNECT', async () => {
    await using started = await echo()
    await using client = new RawClient(started.port)
    const connected = client.connect('hasty')
    const subscribed = client.subscribe(['spec/hasty/response'])
    client.publish('spec/hasty/request', 'now')
    expect(await connected).toBe(0)
    expect(await subscribed).toEqual([1])
    expect((await client.next('publish')).payload.toString()).toBe('re: now')
  })

  it('is dropped when the client never subscribed, or no longer is', async () => {
    await using started = await echo()
    await using client = new RawClient(started.port)
    await client.connect('deaf')
    client.publish('spec/deaf/request', '1')
    await client.settled()
    await client.subscribe(['spec/deaf/response'])
    client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['spec/deaf/response'] })
    await client.next('unsuback')
    client.publish('spec/deaf/request', '2')
    await client.settled()
    expect(started.messages).toHaveLength(2)
    expect(payloads(client)).toEqual([])
  })

  it('a QoS 2 message that is sent again before it is released is carried out once', async () => {
    await using started = await echo()
    await using client = new RawClient(started.port)
    await client.connect('twice')
    for (let n = 0; n < 3; n += 1) client.publish('spec/twice/request', 'once', 2, { messageId: 5 })
    for (let n = 0; n < 3; n += 1) expect((await client.next('pubrec')).messageId).toBe(5)
    client.send({ cmd: 'pubrel', messageId: 5 })
    expect((await client.next('pubcomp')).messageId).toBe(5)
    expect(started.messages).toHaveLength(1)
    client.publish('spec/twice/request', 'new', 2, { messageId: 5 })
    await client.next('pubrec')
    expect(started.messages).toHaveLength(2)
  })

  it('a QoS 1 message that is sent again is handed on again: it is the id in it that counts', async () => {
    await using started = await echo()
    await using client = new RawClient(started.port)
    await client.connect('again')
    for (let n = 0; n < 2; n += 1) client.publish('spec/again/request', 'same', 1, { messageId: 5 })
    await client.next('puback')
    await client.next('puback')
    expect(started.messages).toHaveLength(2)
  })

  it('works under a prefix of several levels, and for a client called __proto__', async () => {
    await using started = await startBroker({
      topicPrefix: 'site/7',
      answer: ({ broker }, clientId, payload) => void broker.respond(clientId, payload),
    })
    await using client = new RawClient(started.port)
    await client.connect('__proto__')
    expect(await client.subscribe(['site/7/__proto__/response'])).toEqual([1])
    client.publish('site/7/__proto__/request', 'hello')
    expect((await client.next('publish')).topic).toBe('site/7/__proto__/response')
    expect(started.messages).toEqual([{ clientId: '__proto__', payload: 'hello' }])
  })
})

describe('notifications', () => {
  it.each(QOS)('come in order at QoS %i, in large numbers, and before what follows them', async (qos) => {
    await using started = await echo(qos)
    const client = await mqtt.connectAsync(started.url, { clientId: 'alice' })
    const heard: string[] = []
    client.on('message', (topic, payload) => heard.push(`${topic.split('/').at(-1)} ${payload}`))
    await client.subscribeAsync(['spec/alice/notify/+', 'spec/alice/response'], { qos: 2 })
    for (let n = 0; n < 2_000; n += 1) await started.broker.notify('alice', 's', `${n}`)
    await started.broker.respond('alice', 'end')
    await until(() => heard.length >= 2_001, 'all of it', 15_000)
    await client.endAsync()
    expect(heard).toEqual([...Array.from({ length: 2_000 }, (_, n) => `s ${n}`), 'response end'])
  })

  it('come once to a client that hears them by two filters', async () => {
    await using started = await echo()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    await client.subscribe(['spec/alice/notify/+', 'spec/alice/notify/s'])
    await started.broker.notify('alice', 's', 'one')
    await client.settled()
    expect(payloads(client)).toEqual(['one'])
  })

  it('are known to have a listener, once SUBACK is out', async () => {
    await using started = await echo()
    await using client = new RawClient(started.port)
    await client.connect('alice')
    expect(started.broker.isListening('alice', 's')).toBe(false)
    await client.subscribe(['spec/alice/notify/s', 'spec/alice/response', 'spec/bob/notify/+'])
    expect(started.log).toEqual(['connected alice', 'listening alice s'])
    expect([started.broker.isListening('alice', 's'), started.broker.isListening('alice', 't')]).toEqual([true, false])
    await client.subscribe(['spec/alice/notify/+'])
    expect(started.log.at(-1)).toBe('listening alice +')
    expect(started.broker.isListening('alice', 't')).toBe(true)
    expect(started.broker.isListening('bob', 's')).toBe(false)
  })

  it('for nobody resolve at once', async () => {
    await using started = await echo()
    await started.broker.notify('nobody', 's', 'x')
    await started.broker.respond('nobody', 'x')
  })
})

describe('start and stop', () => {
  it('listen on loopback, and tell where', async () => {
    await using started = await startBroker({ webSocket: { port: 0 } })
    expect(started.addresses.mqtt?.host).toBe('127.0.0.1')
    expect(started.addresses.webSocket).toMatchObject({ host: '127.0.0.1', path: '/mqtt' })
    expect(started.addresses.webSocket?.port).not.toBe(started.addresses.mqtt?.port)
  })

  it('a taken port is an error that names it, and nothing stays open', async () => {
    await using first = await startBroker({ webSocket: { port: 0 } })
    const port = first.addresses.webSocket?.port ?? 0
    const second = startBroker({ webSocket: { port } })
    await expect(second).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
  })

  it('stop closes connections and listeners, tells each end once, and may be called again', async () => {
    const started = await startBroker({ webSocket: { port: 0 } })
    const clients = ['a', 'b'].map((clientId) => ({ clientId, client: new RawClient(started.port) }))
    for (const { clientId, client } of clients) await client.connect(clientId, { clean: clientId === 'a' })
    const half = new RawClient(started.port)
    half.write(Buffer.from([0x10]))
    await until(() => half.socket.readyState === 'open', 'half a client')
    await Promise.all([started.broker.stop(), started.broker.stop()])
    await started.broker.stop()
    await Promise.all([half.whenClosed(), ...clients.map(({ client }) => client.whenClosed())])
    expect(started.log.slice(2).sort()).toEqual(['disconnected a session ended', 'disconnected b session ended'])
    await expect(dial(started.port)).rejects.toThrow('ECONNREFUSED')
    await started.broker.respond('a', 'late')
    expect(started.broker.isListening('a', 's')).toBe(false)
  })

  it('leave no handle behind, start after start', async () => {
    const before = process.getActiveResourcesInfo().length
    for (let n = 0; n < 20; n += 1) {
      const started = await startBroker({ webSocket: { port: 0 }, keepAliveSeconds: 60 })
      const client = new RawClient(started.port)
      await client.connect('a', { keepalive: 30 })
      await started.broker.stop()
      await client.whenClosed()
    }
    await until(() => process.getActiveResourcesInfo().length <= before, 'as few handles as before')
  })

  it('stop before start is fine, and start after start is an error', async () => {
    const settings = {
      topicPrefix: 'spec',
      qos: { request: 1, response: 1, notification: 1 },
      maxRequestBytes: 1,
    } as const
    const logger = { info: () => {}, warn: () => {}, error: () => {} }
    await new EmbeddedBroker({}, { ...settings, logger }).stop()
    await using started = await startBroker()
    await expect(started.start()).rejects.toThrow('started before')
  })
})

function dial(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    connect(port, '127.0.0.1', resolve).on('error', reject)
  })
}
