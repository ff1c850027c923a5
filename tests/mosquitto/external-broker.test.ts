import { Socket } from 'node:net'
import mqtt, { type MqttClient } from 'mqtt'
import { expect, it } from 'vitest'
import { ExternalBroker, type ExternalBrokerOptions } from '../../packages/server/src/transport/external-broker.ts'
import type { Qos, TransportReceiver } from '../../packages/server/src/transport/transport.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { findMosquitto, startAt } from './start-mosquitto.ts'

/** A transport that answers each request with its own name and the request. */
async function startTransport(name: string, url: string, qos: Qos, options: Partial<ExternalBrokerOptions> = {}) {
  const notes: string[] = []
  const note = (_facts: object, message: string): void => void notes.push(message)
  const transport = new ExternalBroker(
    { url, reconnectDelayMs: 50, ...options },
    {
      topicPrefix: 'spec',
      qos: { request: qos, response: qos, notification: qos },
      maxRequestBytes: 256 * 1024,
      logger: { info: note, warn: note, error: note },
    },
  )
  const requests: string[] = []
  const receiver: TransportReceiver = {
    connecting: async () => undefined,
    connected() {},
    disconnected() {},
    refused() {},
    listening() {},
    message({ clientId, payload }) {
      requests.push(Buffer.from(payload).toString())
      void transport.respond(clientId, `${name}: ${Buffer.from(payload)}`)
    },
  }
  await transport.start(receiver)
  return { transport, notes, requests, [Symbol.asyncDispose]: () => transport.stop() }
}

async function connectClient(url: string, clientId: string): Promise<MqttClient & AsyncDisposable & { got: string[] }> {
  const client = mqtt.connect(url, { clientId, reconnectPeriod: 50 })
  client.on('connect', () => void (client.stream instanceof Socket && client.stream.setNoDelay(true)))
  await until(() => client.connected)
  const got: string[] = []
  client.on('message', (_topic, payload) => got.push(payload.toString()))
  await client.subscribeAsync([`spec/${clientId}/response`, `spec/${clientId}/notify/+`], { qos: 2 })
  return Object.assign(client, { got, [Symbol.asyncDispose]: () => client.endAsync(true) })
}

describeWith('Mosquitto', findMosquitto(), (mosquitto) => {
  it.each([0, 1, 2] as const)('a server answers and notifies at QoS %i', async (qos) => {
    await using broker = await startAt(mosquitto)
    await using server = await startTransport('server', broker.url, qos)
    await using client = await connectClient(broker.url, 'alice')
    for (let n = 0; n < 20; n += 1) client.publish('spec/alice/request', `${n}`, { qos })
    await until(() => client.got.length >= 20)
    for (let n = 0; n < 100; n += 1) void server.transport.notify('alice', 's', `news ${n}`)
    await until(() => client.got.length >= 120)
    const replies = Array.from({ length: 20 }, (_, n) => `server: ${n}`)
    expect(client.got).toEqual([...replies, ...Array.from({ length: 100 }, (_, n) => `news ${n}`)])
  })

  it('a server comes back with it after a restart that forgets everything', async () => {
    await using broker = await startAt(mosquitto)
    await using server = await startTransport('server', broker.url, 1)
    await using client = await connectClient(broker.url, 'alice')
    for (let round = 1; round <= 2; round += 1) {
      await broker.restart()
      await until(() => server.notes.filter((note) => note === 'the broker is back').length === round)
      await until(() => client.connected)
      client.publish('spec/alice/request', `${round}`, { qos: 1 })
      await until(() => client.got.includes(`server: ${round}`))
    }
  })

  it('a server shares the work in a group: each request is answered once, by either', async () => {
    await using broker = await startAt(mosquitto)
    await using one = await startTransport('one', broker.url, 1, { group: 'workers' })
    await using two = await startTransport('two', broker.url, 1, { group: 'workers' })
    await using client = await connectClient(broker.url, 'alice')
    for (let n = 0; n < 100; n += 1) await client.publishAsync('spec/alice/request', `${n}`, { qos: 1 })
    await until(() => client.got.length >= 100)
    expect([...one.requests, ...two.requests].map(Number).sort((a, b) => a - b)).toEqual([...Array(100).keys()])
    expect(Math.min(one.requests.length, two.requests.length)).toBeGreaterThan(20)
  })

  it('a server does not run retained requests again when it starts', async () => {
    await using broker = await startAt(mosquitto)
    await using client = await connectClient(broker.url, 'alice')
    await client.publishAsync('spec/alice/request', 'old', { qos: 1, retain: true })
    await using server = await startTransport('server', broker.url, 1)
    await client.publishAsync('spec/alice/request', 'new', { qos: 1 })
    await until(() => client.got.length >= 1)
    expect(server.requests).toEqual(['new'])
  })

  it('a server gets the requests that came while it was away, when its session is kept', async () => {
    await using broker = await startAt(mosquitto)
    const options = { clean: false, clientId: 'the-server' }
    await (await startTransport('server', broker.url, 1, options)).transport.stop()
    await using client = await connectClient(broker.url, 'alice')
    for (let n = 0; n < 5; n += 1) await client.publishAsync('spec/alice/request', `${n}`, { qos: 1 })
    await using server = await startTransport('server', broker.url, 1, options)
    await until(() => client.got.length >= 5)
    expect(server.requests).toEqual(['0', '1', '2', '3', '4'])
  })
})
