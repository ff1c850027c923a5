import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import mqtt from 'mqtt'
import mqttPacket from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import { type StartedBroker, startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

// mqtt.js looks for it here, where ws puts it only when it is required and not imported.
Object.assign(WebSocket, { createWebSocketStream })

/** Opens a WebSocket and resolves with `open`, or the status of the refusal. */
function dial(
  url: string,
  options: { origin?: string; headers?: Record<string, string>; protocols?: string[] } = {},
): Promise<{ result: string | number; socket: WebSocket }> {
  const { protocols = ['mqtt'], ...more } = options
  const socket = new WebSocket(url, protocols, more)
  return new Promise((resolve) => {
    socket.on('open', () => resolve({ result: 'open', socket }))
    socket.on('unexpected-response', (_request, response) => resolve({ result: response.statusCode ?? 0, socket }))
    socket.on('error', (error) => resolve({ result: error.message, socket }))
  })
}

async function outcome(...request: Parameters<typeof dial>): Promise<string | number> {
  const { result, socket } = await dial(...request)
  socket.terminate()
  return result
}

const echoing = (options: Parameters<typeof startBroker>[0] = {}): Promise<StartedBroker> =>
  startBroker({
    webSocket: { port: 0 },
    answer: ({ broker }, clientId, payload) => void broker.respond(clientId, `re: ${payload}`),
    ...options,
  })

async function ask(url: string, payload: string): Promise<string> {
  const client = await mqtt.connectAsync(url, { clientId: 'page', reconnectPeriod: 0 })
  const replied = new Promise<string>((resolve) => client.on('message', (_topic, bytes) => resolve(bytes.toString())))
  await client.subscribeAsync('spec/page/response', { qos: 1 })
  await client.publishAsync('spec/page/request', payload, { qos: 1 })
  const reply = await replied
  await client.endAsync()
  return reply
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

describe('MQTT over WebSocket', () => {
  it('is answered under /mqtt and under /, and large messages go through', async () => {
    await using started = await echoing()
    const root = started.webSocketUrl.replace('/mqtt', '/')
    expect(await ask(started.webSocketUrl, 'hi')).toBe('re: hi')
    expect(await ask(root, 'x'.repeat(200_000))).toBe(`re: ${'x'.repeat(200_000)}`)
    expect(await outcome(started.webSocketUrl.replace('/mqtt', '/other'))).toBe(404)
    expect(await outcome(`${started.webSocketUrl}?token=1`)).toBe('open')
  })

  it('takes packets that are cut and joined in any way by their messages [MQTT-6.0.0-2]', async () => {
    await using started = await echoing()
    const { socket } = await dial(started.webSocketUrl)
    const bytes = Buffer.concat([
      mqttPacket.generate({ cmd: 'connect', clientId: 'cut', clean: true, keepalive: 0 }),
      mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'spec/cut/response', qos: 0 }] }),
      mqttPacket.generate({
        cmd: 'publish',
        topic: 'spec/cut/request',
        payload: 'a',
        qos: 0,
        dup: false,
        retain: false,
      }),
    ])
    const got: Buffer[] = []
    socket.on('message', (data: Buffer) => got.push(data))
    for (const byte of bytes) socket.send(Buffer.from([byte]))
    await until(() => Buffer.concat(got).includes('re: a'), 'the reply')
    socket.terminate()
  })

  it('sends all that one turn has for a client in one message', async () => {
    await using started = await echoing()
    const { socket } = await dial(started.webSocketUrl)
    socket.send(mqttPacket.generate({ cmd: 'connect', clientId: 'one', clean: true, keepalive: 0 }))
    socket.send(
      mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'spec/one/notify/+', qos: 1 }] }),
    )
    await until(() => started.broker.isListening('one', 's'), 'it listens')
    const got: Buffer[] = []
    await until(() => socket.readyState === WebSocket.OPEN, 'open')
    socket.on('message', (data: Buffer) => got.push(data))
    for (let n = 0; n < 100; n += 1) void started.broker.notify('one', 's', `n${n}.`)
    await until(() => Buffer.concat(got).includes('n99.'), 'all of them')
    expect(got.filter((data) => data.includes('.')).length).toBe(1)
    socket.terminate()
  })

  it('is refused without the subprotocol, and closed on text', async () => {
    await using started = await echoing()
    expect(await outcome(started.webSocketUrl, { protocols: [] })).toBe(400)
    expect(await outcome(started.webSocketUrl, { protocols: ['graphql-ws'] })).toBe(400)
    const { socket } = await dial(started.webSocketUrl, { protocols: ['other', 'mqtt'] })
    expect(socket.protocol).toBe('mqtt')
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    socket.send('text')
    expect(await closed).toBe(1003)
  })

  it('tells a browser that comes by what this is', async () => {
    await using started = await echoing()
    const response = await fetch(started.webSocketUrl.replace('ws:', 'http:'))
    expect(response.status).toBe(426)
    await response.text()
  })

  it('is closed for more than 4 MiB in one message, and for more than a CONNECT before the first', async () => {
    await using started = await echoing()
    for (const first of [true, false]) {
      const { socket } = await dial(started.webSocketUrl)
      const closed = new Promise((resolve) => socket.on('close', resolve))
      socket.on('error', () => {})
      if (!first) socket.send(mqttPacket.generate({ cmd: 'connect', clientId: 'big', clean: true, keepalive: 0 }))
      if (!first) await until(() => started.log.includes('connected big'), 'connected')
      socket.send(Buffer.alloc(first ? 200 * 1024 : 4 * 1024 * 1024 + 1), { fin: !first })
      const begin = Date.now()
      await closed
      expect(Date.now() - begin).toBeLessThan(2_000) // and not by the time-out for CONNECT
    }
    expect(await ask(started.webSocketUrl, 'still there')).toBe('re: still there')
  })
})

describe('a page that may not connect (fault A21)', () => {
  it('is refused by its origin with 403', async () => {
    await using started = await echoing({ webSocket: { port: 0, origins: ['https://app.example'] } })
    const { webSocketUrl: url } = started
    expect(await outcome(url, { origin: 'https://evil.example' })).toBe(403)
    expect(await outcome(url, { origin: 'null' })).toBe(403)
    expect(await outcome(url, { origin: 'https://app.example' })).toBe('open')
    expect(await outcome(url, { origin: 'http://localhost:5173' })).toBe('open')
    expect(await outcome(url)).toBe('open')
    expect(started.connecting).toEqual([])
  })

  it('cannot get round it by a name that resolves to this machine', async () => {
    await using started = await echoing()
    const headers = { Host: 'evil.example' }
    expect(await outcome(started.webSocketUrl, { origin: 'http://evil.example', headers })).toBe(403)
  })
})

describe('a shared HTTP server', () => {
  it('keeps its own pages and upgrades, and is left running by stop', async () => {
    const server = createServer((_request, response) => response.end('the app'))
    server.on('upgrade', (request, socket) => {
      if (request.url === '/hmr') socket.end('HTTP/1.1 418 I am a teapot\r\n\r\n')
    })
    const port = await listening(server)
    const started = await echoing({ webSocket: { server, path: '/live' } })
    expect(started.addresses.webSocket).toEqual({ host: '127.0.0.1', port, path: '/live' })
    expect(await ask(`ws://127.0.0.1:${port}/live`, 'shared')).toBe('re: shared')
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the app')
    expect(await outcome(`ws://127.0.0.1:${port}/hmr`)).toBe(418)
    expect(await outcome(`ws://127.0.0.1:${port}/live`, { origin: 'https://evil.example' })).toBe(403)
    await started.broker.stop()
    expect(server.listening).toBe(true)
    expect(server.listenerCount('upgrade')).toBe(1)
    await new Promise((resolve) => server.close(resolve))
  })

  it('answers for other paths when nobody else does', async () => {
    const server = createServer()
    const port = await listening(server)
    await using _started = await echoing({ webSocket: { server } })
    expect(await outcome(`ws://127.0.0.1:${port}/`)).toBe(404)
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  })
})

describe('half a WebSocket', () => {
  it('that never finishes its request is closed', async () => {
    await using started = await echoing()
    const socket = connect(started.addresses.webSocket?.port ?? 0, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /mqtt HTTP/1.1\r\nHost: x\r\n')
    await started.broker.stop()
    await until(() => socket.closed, 'closed')
  })
})
