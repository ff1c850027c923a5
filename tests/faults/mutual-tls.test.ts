import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Credentials, defineSpec } from '@mqttspec/server'
import mqtt, { type IClientOptions } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { WireClient } from '../wire-client.ts'
import { read } from './messages.ts'
import { schema, Trial } from './trial.ts'

interface Signed {
  readonly key: string
  readonly cert: string
}

/** A CA made for this run, with certificates for the server and two clients, and a client's of another CA. */
function certificates(): { ca: string; server: Signed; client: Signed; second: Signed; stranger: Signed } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mqttspec-ca-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const authority = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...curve,
      '-days',
      '1',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    )
  const signed = (name: string, ca: string): Signed => {
    writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
    openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${ca}.pem`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      'names',
      '-out',
      `${name}.pem`,
    )
    const text = (file: string) => readFileSync(join(folder, file), 'utf8')
    return { key: text(`${name}.key`), cert: text(`${name}.pem`) }
  }
  try {
    authority('ca')
    authority('other')
    const ca = readFileSync(join(folder, 'ca.pem'), 'utf8')
    const [server, client, second] = [signed('server', 'ca'), signed('client', 'ca'), signed('second', 'ca')]
    return { ca, server, client, second, stranger: signed('stranger', 'other') }
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const made = certificates()

const login = { username: 'token', reconnectPeriod: 0, connectTimeout: 15_000, family: 4 }

/** Connects by a URL with an own certificate, or none. */
const connectBy = (url: string, clientId: string, options: object) =>
  mqtt.connectAsync(url, { ...login, clientId, ...options } as IClientOptions, false)

describe.skipIf(!made)('mutual TLS (needs openssl)', () => {
  test('a client needs a certificate of the CA, and its login besides', async () => {
    if (!made) return
    const { ca, server, client, stranger } = made
    await using tried = new Trial()
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true }
    await tried.start({ broker: { port: 0, webSocket: false, tls } }, undefined, false)
    const connect = (options: object) =>
      connectBy(`mqtts://localhost:${tried.port}`, 'mutual', { password: 'mutual.a', ca, ...options })
    await expect(connect({})).rejects.toThrow()
    await expect(connect(stranger)).rejects.toThrow()
    await expect(connect({ ...client, password: '' })).rejects.toMatchObject({ code: 5 })
    const known = await connect(client)
    await known.subscribeAsync('spec/mutual/response', { qos: 1 })
    const replied = new Promise<string>((resolve) => known.on('message', (_topic, payload) => resolve(`${payload}`)))
    await known.publishAsync('spec/mutual/request', JSON.stringify({ id: 'm', type: 'request', ...read() }), { qos: 1 })
    expect(JSON.parse(await replied)).toMatchObject({ id: 'm', success: true })
    await known.endAsync()
  })

  test('authenticate is given the certificate, over TCP and over a WebSocket, and only one of the CA', async () => {
    if (!made) return
    const { ca, server, client, stranger } = made
    const seen: Credentials[] = []
    const api = defineSpec({
      schema,
      authenticate: (credentials) => {
        seen.push(credentials)
        const { certificate } = credentials
        return certificate && { sub: certificate.subject.CN, tenant: 'a' }
      },
      principal: (auth: undefined) => (auth as unknown as { sub: string }).sub,
    }).entity('things')
    await using tried = new Trial()
    // It asks for certificates and lets in who has none, or one that nobody vouches for: that is for authenticate.
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: false }
    await tried.start({ broker: { port: 0, webSocket: { port: 0 }, tls } }, api, false)
    const { mqtt: tcp, webSocket } = tried.server.addresses
    for (const url of [`mqtts://localhost:${tcp?.port}`, `wss://localhost:${webSocket?.port}/mqtt`]) {
      seen.length = 0
      await expect(connectBy(url, 'none', { ca })).rejects.toMatchObject({ code: 5 })
      await expect(connectBy(url, 'stranger', { ca, ...stranger })).rejects.toMatchObject({ code: 5 })
      expect(seen.map(({ certificate }) => certificate)).toEqual([undefined, undefined])
      // The TLS session of the first is resumed by the second: the certificate is known then, too.
      for (const clientId of ['known', 'again']) {
        const known = await connectBy(url, clientId, { ca, ...client })
        await known.endAsync()
      }
      for (const { certificate } of seen.slice(2)) {
        expect(certificate).toEqual({
          subject: { CN: 'client' },
          issuer: { CN: 'ca' },
          fingerprint256: new X509Certificate(client.cert).fingerprint256,
          serialNumber: new X509Certificate(client.cert).serialNumber,
          subjectaltname: 'DNS:localhost, IP Address:127.0.0.1',
        })
      }
      expect(seen).toHaveLength(4)
    }
  })

  test('a client id belongs to whom its certificate names, and a connect message comes with the certificate too', async () => {
    if (!made) return
    const { ca, server, client, second } = made
    const api = defineSpec({
      schema,
      authenticate: ({ certificate, token }) => certificate && { sub: certificate.subject.CN, tenant: token ?? 'a' },
    }).entity('things')
    await using tried = new Trial()
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true }
    await tried.start({ broker: { port: 0, webSocket: false, tls } }, api, false)
    const url = `mqtts://localhost:${tried.port}`
    await using device = await WireClient.connect(url, 'device', 'spec', { ...login, ca, ...client } as IClientOptions)
    await expect(connectBy(url, 'device', { ca, ...second })).rejects.toMatchObject({ code: 5 })
    expect(await tried.code(device, { type: 'connect', data: { token: 'b' } })).toBe('ok')
  })
})
