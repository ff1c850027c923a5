import mqtt from 'mqtt'
import { describe, expect, it } from 'vitest'
import { RawClient } from './testing/raw-client.ts'
import { type StartedBroker, startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

const FILTERS = ['spec/dev/response', 'spec/dev/notify/+']

/** A client with a session that outlives its connection, listening. */
async function persistent(started: StartedBroker, qos: 0 | 1 | 2 = 1): Promise<RawClient> {
  const client = new RawClient(started.port)
  await client.connect('dev', { clean: false })
  await client.subscribe(FILTERS, qos)
  return client
}

async function leave(started: StartedBroker, client: RawClient): Promise<void> {
  client.socket.destroy()
  await until(() => started.log.at(-1)?.startsWith('disconnected dev'), 'it is gone')
}

/** Comes back, and takes what waited. */
async function comeBack(
  started: StartedBroker,
  acknowledge = true,
): Promise<{ client: RawClient; sessionPresent: boolean; got: string[] }> {
  const client = new RawClient(started.port)
  const got: string[] = []
  client.send({ cmd: 'connect', clientId: 'dev', clean: false, keepalive: 0, protocolVersion: 4, protocolId: 'MQTT' })
  const { sessionPresent } = await client.next('connack')
  await client.settled()
  for (const packet of client.packets.splice(0)) {
    if (packet.cmd !== 'publish') continue
    got.push(`${packet.payload}${packet.dup ? ' dup' : ''}`)
    if (acknowledge && packet.qos === 1) client.send({ cmd: 'puback', messageId: packet.messageId ?? 0 })
  }
  await client.settled()
  return { client, sessionPresent, got }
}

describe('a session that outlives its connection', () => {
  it('collects what is sent while its client is away, and delivers it once, in order', async () => {
    await using started = await startBroker()
    await leave(started, await persistent(started))
    expect(started.log.at(-1)).toBe('disconnected dev')
    expect(started.broker.isListening('dev', 's')).toBe(true)
    await started.broker.respond('dev', 'reply')
    for (let n = 0; n < 50; n += 1) await started.broker.notify('dev', 's', `${n}`)
    const back = await comeBack(started)
    expect(back.sessionPresent).toBe(true)
    expect(back.got).toEqual(['reply', ...Array.from({ length: 50 }, (_, n) => `${n}`)])
    expect(started.log.slice(-2)).toEqual(['connected dev', 'listening dev +'])
    await leave(started, back.client)
    const again = await comeBack(started)
    expect(again.got).toEqual([])
    await leave(started, again.client)
  })

  it('delivers again, marked, what was not acknowledged before the connection was lost', async () => {
    await using started = await startBroker()
    const first = await persistent(started)
    await started.broker.notify('dev', 's', 'a')
    await started.broker.notify('dev', 's', 'b')
    const { messageId = 0 } = await first.next('publish')
    first.send({ cmd: 'puback', messageId })
    await first.settled()
    await leave(started, first)
    await started.broker.notify('dev', 's', 'c')
    const back = await comeBack(started)
    expect(back.got).toEqual(['b dup', 'c'])
    await leave(started, back.client)
  })

  it('finishes a QoS 2 delivery that was cut in the middle, without a second copy', async () => {
    await using started = await startBroker({ qos: { request: 2, response: 2, notification: 2 } })
    const first = await persistent(started, 2)
    await started.broker.notify('dev', 's', 'once')
    const { messageId = 0 } = await first.next('publish')
    first.send({ cmd: 'pubrec', messageId })
    await first.next('pubrel')
    await leave(started, first)
    await using second = new RawClient(started.port)
    await second.connect('dev', { clean: false })
    expect((await second.next('pubrel')).messageId).toBe(messageId)
    second.send({ cmd: 'pubcomp', messageId })
    await second.settled()
    expect(second.packets).toEqual([])
  })

  it('knows a QoS 2 request again that is resent on the next connection', async () => {
    await using started = await startBroker()
    const first = await persistent(started)
    first.publish('spec/dev/request', 'once', 2, { messageId: 77 })
    await first.next('pubrec')
    await leave(started, first)
    await using second = new RawClient(started.port)
    await second.connect('dev', { clean: false })
    second.publish('spec/dev/request', 'once', 2, { messageId: 77 })
    await second.next('pubrec')
    expect(started.messages).toHaveLength(1)
  })

  it('works with a client library as it is', async () => {
    await using started = await startBroker()
    const options = { clientId: 'dev', clean: false, reconnectPeriod: 0 } as const
    const first = await mqtt.connectAsync(started.url, options)
    await first.subscribeAsync('spec/dev/notify/+', { qos: 1 })
    await first.endAsync()
    await until(() => started.log.includes('disconnected dev'), 'it is gone')
    for (const payload of ['a', 'b', 'c']) await started.broker.notify('dev', 's', payload)
    const second = mqtt.connect(started.url, options)
    const got: string[] = []
    second.on('message', (_topic, payload) => got.push(payload.toString()))
    await until(() => got.length >= 3, 'what waited')
    await second.endAsync()
    expect(got).toEqual(['a', 'b', 'c'])
  })

  it('keeps nothing at QoS 0', async () => {
    await using started = await startBroker()
    await leave(started, await persistent(started, 0))
    await started.broker.notify('dev', 's', 'lost')
    const back = await comeBack(started)
    expect(back.got).toEqual([])
    await leave(started, back.client)
  })

  it('holds 1,000 messages, then tells what was missed once the client has taken them (fault O09)', async () => {
    await using started = await startBroker()
    await leave(started, await persistent(started))
    for (let n = 0; n < 1_500; n += 1) await started.broker.notify('dev', 's', `${n}`)
    const held = await comeBack(started, false)
    expect(held.got).toHaveLength(1_000)
    expect(held.got.at(-1)).toBe('999')
    await started.broker.notify('dev', 's', 'too early')
    expect(started.log).not.toContain('overflowed dev')
    await leave(started, held.client)
    const back = await comeBack(started)
    expect(back.got).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n} dup`))
    expect(started.log.at(-1)).toBe('overflowed dev')
    await started.broker.notify('dev', 's', 'reset')
    expect((await back.client.next('publish')).payload.toString()).toBe('reset')
    await leave(started, back.client)
  })

  it('holds 8 MiB, however few messages that is', async () => {
    await using started = await startBroker()
    await leave(started, await persistent(started))
    const payload = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 20; n += 1) await started.broker.notify('dev', 's', payload)
    await using client = new RawClient(started.port)
    await client.connect('dev', { clean: false })
    await client.settled()
    expect(client.packets).toHaveLength(8)
  })

  it('ends when its client comes back with a clean one, and that is told', async () => {
    await using started = await startBroker()
    await leave(started, await persistent(started))
    await started.broker.notify('dev', 's', 'old')
    await using clean = new RawClient(started.port)
    await clean.connect('dev', { clean: true })
    await clean.settled()
    expect(clean.packets).toEqual([])
    expect(started.log.slice(-2)).toEqual(['session ended dev', 'connected dev'])
    expect(started.broker.isListening('dev', 's')).toBe(false)
  })

  it('goes on through a takeover', async () => {
    await using started = await startBroker()
    await using first = await persistent(started)
    await using second = new RawClient(started.port)
    await second.connect('dev', { clean: false })
    await first.whenClosed()
    await started.broker.notify('dev', 's', 'x')
    expect((await second.next('publish')).payload.toString()).toBe('x')
    expect(started.log.slice(-3)).toEqual(['disconnected dev', 'connected dev', 'listening dev +'])
  })
})
