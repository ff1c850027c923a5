import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type IClientOptions } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { read } from './messages.ts'
import { Trial } from './trial.ts'

interface Signed {
  readonly key: string
  readonly cert: string
}

/** A CA made for this run, with a certificate for the server and one for a client, and a client's of another CA. */
function certificates(): { ca: string; server: Signed; client: Signed; stranger: Signed } | undefined {
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
    return { ca, server: signed('server', 'ca'), client: signed('client', 'ca'), stranger: signed('stranger', 'other') }
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const made = certificates()

describe.skipIf(!made)('mutual TLS (needs openssl)', () => {
  test('a client needs a certificate of the CA, and its login besides', async () => {
    if (!made) return
    const { ca, server, client, stranger } = made
    await using tried = new Trial()
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true }
    await tried.start({ broker: { port: 0, webSocket: false, tls } }, undefined, false)
    const url = `mqtts://localhost:${tried.port}`
    const login = {
      clientId: 'mutual',
      username: 'token',
      password: 'mutual.a',
      reconnectPeriod: 0,
      connectTimeout: 2_000,
    }
    const connect = (options: object) =>
      mqtt.connectAsync(url, { ...login, ca, family: 4, ...options } as IClientOptions, false)
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
})
