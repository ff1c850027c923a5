import { execFileSync } from 'node:child_process'
import mqtt from 'mqtt'
import { describe, expect, it } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import { startBroker } from './testing/start-broker.ts'

// mqtt.js looks for it here, where ws puts it only when it is required and not imported.
Object.assign(WebSocket, { createWebSocketStream })

/** Certificate and key for localhost, made for this run; undefined where there is no OpenSSL. */
function selfSigned(): { cert: string; key: string } | undefined {
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout - -out -'
  const extension = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  try {
    const pem = execFileSync('openssl', [...request.split(' '), ...extension], { encoding: 'utf8', stdio: 'pipe' })
    const [key = '', cert = ''] = pem.split(/(?=-----BEGIN CERTIFICATE)/)
    return { cert, key }
  } catch {
    return undefined
  }
}

const tls = selfSigned()

describe.skipIf(!tls)('TLS (needs openssl)', () => {
  it('is spoken by both listeners', async () => {
    await using started = await startBroker({ tls: tls ?? {}, webSocket: { port: 0 } })
    const { mqtt: tcp, webSocket } = started.addresses
    for (const url of [`mqtts://localhost:${tcp?.port}`, `wss://localhost:${webSocket?.port}/mqtt`]) {
      const client = await mqtt.connectAsync(url, { clientId: 'tls', ca: tls?.cert ?? '', family: 4 } as never)
      await client.subscribeAsync('spec/tls/response', { qos: 1 })
      const replied = new Promise<string>((resolve) => client.on('message', (_topic, payload) => resolve(`${payload}`)))
      await started.broker.respond('tls', 'x'.repeat(100_000))
      expect(await replied).toHaveLength(100_000)
      await client.endAsync()
    }
  })

  it('refuses who does not, and goes on', async () => {
    await using started = await startBroker({ tls: tls ?? {} })
    await expect(mqtt.connectAsync(started.url, { reconnectPeriod: 0, connectTimeout: 1_000 }, false)).rejects.toThrow()
    const url = `mqtts://localhost:${started.port}`
    const client = await mqtt.connectAsync(url, { clientId: 'tls', ca: tls?.cert ?? '', family: 4 } as never)
    await client.endAsync()
  })
})
