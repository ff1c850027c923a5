import mqttPacket from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { RawClient } from './testing/raw-client.ts'
import { startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

describe('who may connect', () => {
  it('is asked of the server, with all that CONNECT says', async () => {
    await using started = await startBroker()
    await using client = new RawClient(started.port)
    expect(await client.connect('alice', { username: 'token', password: Buffer.from('jwt'), clean: false })).toBe(0)
    const [asked] = started.connecting
    expect(asked).toMatchObject({ clientId: 'alice', username: 'token', clean: false, remoteAddress: '127.0.0.1' })
    expect(Buffer.from(asked?.password ?? []).toString()).toBe('jwt')
  })

  it('is told by the return code, and nobody else is told', async () => {
    for (const code of [2, 3, 4, 5] as const) {
      await using started = await startBroker({ connecting: async () => code })
      await using client = new RawClient(started.port)
      expect(await client.connect('alice')).toBe(code)
      await client.whenClosed()
      expect(started.log).toEqual([])
    }
  })

  it('is nobody when the answer is an error', async () => {
    for (const connecting of [
      () => Promise.reject(new Error('database is gone')),
      () => {
        throw new Error('a bug')
      },
    ]) {
      await using started = await startBroker({ connecting })
      await using client = new RawClient(started.port)
      expect(await client.connect('alice')).toBe(5)
      expect(started.log).toEqual(['error could not decide whether a client may connect'])
    }
  })

  it('is not one with an unfit client id: CONNACK 2 (fault F21)', async () => {
    await using started = await startBroker()
    for (const clientId of ['+', '#', 'a/b', '$x', '', '\0', '🐎', 'a'.repeat(65), ' ', 'x'.repeat(10_000)]) {
      for (const protocol of [
        { protocolId: 'MQTT', protocolVersion: 4 },
        { protocolId: 'MQIsdp', protocolVersion: 3 },
      ] as const) {
        await using client = new RawClient(started.port)
        const name = `${protocol.protocolVersion} ${clientId.slice(0, 80)}`
        if (clientId === '') client.write(emptyIdConnect(protocol.protocolId, protocol.protocolVersion))
        else client.send({ cmd: 'connect', clean: true, keepalive: 0, clientId, ...protocol })
        expect((await client.next('connack')).returnCode, name).toBe(2)
        await client.whenClosed()
      }
    }
    expect(started.connecting).toEqual([])
  })

  it('may speak MQTT 3.1, and not MQTT 5: CONNACK 1', async () => {
    await using started = await startBroker()
    await using old = new RawClient(started.port)
    expect(await old.connect('old', { protocolId: 'MQIsdp', protocolVersion: 3 })).toBe(0)
    await using fresh = new RawClient(started.port)
    const bytes: Buffer[] = []
    fresh.socket.on('data', (chunk) => bytes.push(chunk))
    fresh.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0, clientId: 'fresh' })
    await fresh.whenClosed()
    expect([...Buffer.concat(bytes)]).toEqual([0x20, 2, 0, 1])
    expect(started.connecting.map(({ clientId }) => clientId)).toEqual(['old'])
  })

  it('is as many as the server allows, and each may come back', async () => {
    await using started = await startBroker({ maxConnections: 2 })
    await using a = new RawClient(started.port)
    await using b = new RawClient(started.port)
    await using c = new RawClient(started.port)
    expect([await a.connect('a'), await b.connect('b'), await c.connect('c')]).toEqual([0, 0, 3])
    await using again = new RawClient(started.port)
    expect(await again.connect('a')).toBe(0)
    b.socket.destroy()
    await until(() => started.log.includes('disconnected b session ended'), 'b is gone')
    await using d = new RawClient(started.port)
    expect(await d.connect('d')).toBe(0)
  })

  it('must say CONNECT first, once, and in time', async () => {
    await using started = await startBroker({ connectTimeoutMs: 800 })
    await using first = new RawClient(started.port)
    first.send({ cmd: 'pingreq' })
    await first.whenClosed()
    await using twice = new RawClient(started.port)
    await twice.connect('twice')
    twice.send({ cmd: 'connect', clientId: 'twice', clean: true, keepalive: 0, protocolVersion: 4, protocolId: 'MQTT' })
    await twice.whenClosed()
    await using silent = new RawClient(started.port)
    await silent.whenClosed()
    expect(started.ends).toContain('sent no CONNECT in time')
    expect(started.log).toEqual(['connected twice', 'disconnected twice session ended'])
  })
})

describe('the end of a connection', () => {
  it('is told once, however it comes', async () => {
    await using started = await startBroker()
    const ways: Record<string, (client: RawClient) => void> = {
      disconnect: (client) => client.send({ cmd: 'disconnect' }),
      half: (client) => void client.socket.end(),
      cut: (client) => void client.socket.resetAndDestroy(),
      nonsense: (client) => client.write(Buffer.from([0xf0, 0])),
      server: () => started.broker.disconnect('server'),
    }
    for (const [name, way] of Object.entries(ways)) {
      await using client = new RawClient(started.port)
      await client.connect(name)
      way(client)
      await until(() => started.log.includes(`disconnected ${name} session ended`), `the end by ${name}`)
      await client.whenClosed()
    }
    expect(started.log).toEqual(
      Object.keys(ways).flatMap((name) => [`connected ${name}`, `disconnected ${name} session ended`]),
    )
    started.broker.disconnect('nobody')
  })

  it('may be the first thing that the server does, and leaves nothing attached', async () => {
    await using started = await startBroker({ connected: ({ broker }, clientId) => broker.disconnect(clientId) })
    await using client = new RawClient(started.port)
    await client.connect('dev', { clean: false })
    await client.whenClosed()
    expect(started.log).toEqual(['connected dev', 'disconnected dev'])
  })

  it('of a client that is taken over comes before its successor, at any pace', async () => {
    await using started = await startBroker()
    const clients = Array.from({ length: 12 }, () => new RawClient(started.port))
    for (const client of clients.slice(0, 4)) await client.connect('same')
    for (const client of clients.slice(4)) {
      client.send({
        cmd: 'connect',
        clientId: 'same',
        clean: true,
        keepalive: 0,
        protocolVersion: 4,
        protocolId: 'MQTT',
      })
    }
    await until(() => clients.filter(({ closed }) => closed).length === 11, 'all but one are gone')
    await until(() => started.log.filter((line) => line.startsWith('connected')).length >= 5, 'the last is in')
    const [survivor] = clients.filter(({ closed }) => !closed)
    await survivor?.settled()
    const expected = started.log.map((_, at) => (at % 2 === 0 ? 'connected same' : 'disconnected same session ended'))
    expect(started.log).toEqual(expected)
    expect(started.log.at(-1)).toBe('connected same')
    await survivor?.subscribe(['spec/same/response'])
    await started.broker.respond('same', 'still here')
    expect((await survivor?.next('publish'))?.payload.toString()).toBe('still here')
    for (const client of clients) client.socket.destroy()
  })

  it('comes when the client is silent for one and a half times its keep-alive', async () => {
    await using started = await startBroker()
    await using quiet = new RawClient(started.port)
    await using lively = new RawClient(started.port)
    await quiet.connect('quiet', { keepalive: 1 })
    await lively.connect('lively', { keepalive: 1 })
    const begin = Date.now()
    const pings = setInterval(() => lively.send({ cmd: 'pingreq' }), 300)
    await quiet.whenClosed()
    expect(Date.now() - begin).toBeGreaterThan(1_400)
    expect(Date.now() - begin).toBeLessThan(2_500)
    await until(() => lively.closed || Date.now() - begin > 2_700, 'long enough')
    clearInterval(pings)
    expect(lively.closed).toBe(false)
    expect(started.log).toEqual(['connected quiet', 'connected lively', 'disconnected quiet session ended'])
  })

  it('comes by the longest keep-alive of the server for a client that asks for none, or a longer one', async () => {
    await using started = await startBroker({ keepAliveSeconds: 0.2 })
    for (const keepalive of [0, 60]) {
      await using client = new RawClient(started.port)
      await client.connect('lazy', { keepalive })
      const begin = Date.now()
      await client.whenClosed()
      expect(Date.now() - begin).toBeGreaterThan(250)
      expect(Date.now() - begin).toBeLessThan(1_500)
    }
  })
})

/** mqtt-packet refuses to write this one. */
function emptyIdConnect(protocolId: string, protocolVersion: 3 | 4): Buffer {
  const frame = mqttPacket.generate({
    cmd: 'connect',
    clientId: 'a',
    clean: true,
    keepalive: 0,
    protocolId,
    protocolVersion,
  } as never)
  frame[1] = (frame[1] ?? 0) - 1
  frame[frame.length - 2] = 0
  return frame.subarray(0, -1)
}
