import { generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { defineSpec } from '@mqttspec/server'
import { importPKCS8, importSPKI, jwtVerify, SignJWT } from 'jose'
import mqtt, { type IClientOptions, MqttClient } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { read } from './messages.ts'
import { schema, Trial } from './trial.ts'
import { timed, within } from './within.ts'

const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const privateKey = await importPKCS8(pair.privateKey, 'RS256')
const publicKey = await importSPKI(pair.publicKey, 'RS256')

let asked = 0
const api = defineSpec({
  schema,
  authenticate: async ({ token, clientId }) => {
    asked += 1
    if (clientId === 'hangs') return new Promise(() => {})
    const { payload } = await jwtVerify(token ?? '', publicKey, {
      algorithms: ['RS256'],
      issuer: 'us',
      audience: 'mqtt',
      requiredClaims: ['exp', 'sub'],
    })
    return payload
  },
}).entity('things')

const SECONDS = Math.floor(Date.now() / 1_000)
const GOOD = { sub: 'ann', iss: 'us', aud: 'mqtt', exp: SECONDS + 3_600 }
const signed = (claims: object) => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('fault A01: a token that is wrong in any way lets nobody in', async () => {
  await using tried = new Trial()
  await tried.start({}, api, false)
  const url = `mqtt://127.0.0.1:${tried.port}`
  const connect = (password: string | undefined, clientId = 'a01') =>
    WireClient.connect(url, clientId, 'spec', password === undefined ? {} : { username: 'token', password })
  const { exp: _exp, ...endless } = GOOD
  const good = await signed(GOOD)
  const [header = '', , signature = ''] = good.split('.')
  const withPublicKey = await new SignJWT(GOOD)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(pair.publicKey))
  const wrong: Record<string, string | undefined> = {
    none: undefined,
    garbage: 'garbage',
    'alg none': `${part({ alg: 'none' })}.${part(GOOD)}.`,
    'HS256 with the public key': withPublicKey,
    'another issuer': await signed({ ...GOOD, iss: 'them' }),
    'another audience': await signed({ ...GOOD, aud: 'web' }),
    ended: await signed({ ...GOOD, exp: SECONDS - 60 }),
    'not yet': await signed({ ...GOOD, nbf: SECONDS + 600 }),
    'without an end': await signed(endless),
    'with other claims': `${header}.${part({ ...GOOD, sub: 'bob' })}.${signature}`,
  }
  for (const [how, token] of Object.entries(wrong)) {
    const outcome = await connect(token).catch((error: { code?: number }) => error.code)
    expect(outcome, how).toBe(5)
  }
  await expect(connect('x'.repeat(20_000))).rejects.toThrow() // over 16 KiB the connection is closed unread
  const hanging = connect(good, 'hangs').catch((error: { code?: number }) => error.code)
  await using ann = await connect(good)
  expect(await tried.code(ann, { operation: 'meta', entity: 'things' })).toBe('ok')
  expect(await hanging).toBeGreaterThan(0)
}, 60_000)

describe('fault A20: wrong passwords', () => {
  /** How much of one core this process has used since. */
  const load = () => {
    const [usage, startedAt] = [process.cpuUsage(), performance.now()]
    return () => {
      const { user, system } = process.cpuUsage(usage)
      return (user + system) / 1_000 / (performance.now() - startedAt)
    }
  }

  /** One who has the right password is let in and answered within a second. */
  const comesInAtOnce = async (tried: Trial, username: string) => {
    const login = { username, password: await signed(GOOD) }
    await within(1_000, () =>
      timed(async () => {
        await using ann = await WireClient.connect(`mqtt://127.0.0.1:${tried.port}`, 'ann', 'spec', login)
        expect(await tried.code(ann, read())).toBe('ok')
      }),
    )
  }

  /** Guesses by 40 connections, as fast as each is answered, until it is told to stop. */
  function guessing(port: number, login: (at: number, times: number) => IClientOptions & { from?: string }) {
    let going = true
    const loops = Array.from({ length: 40 }, async (_, at) => {
      for (let times = 0; going; times += 1) {
        const { from = '127.0.0.1', ...options } = login(at, times)
        const socket = () => connect({ port, host: '127.0.0.1', localAddress: from })
        const client = new MqttClient(socket, { ...options, reconnectPeriod: 0, clientId: `guess-${at}` })
        client.on('error', () => {}) // being refused is what it is here for
        await new Promise((resolve) => client.once('close', () => resolve(undefined)))
        client.end(true)
      }
    })
    return async () => {
      going = false
      await Promise.all(loops)
    }
  }

  test('from one address are looked at less and less, and who has the right one comes in at once', async () => {
    await using tried = new Trial()
    await tried.start({}, api, false)
    const before = asked
    const stop = guessing(tried.port, (at, times) => ({ username: `user-${at}`, password: `guess-${times}` }))
    await until(() => asked > before + 40)
    const [looked, used] = [asked, load()]
    await quiet(2_500)
    expect(used()).toBeLessThan(0.5)
    // 40 connections that waited four seconds each: ten a second, where it was hundreds.
    expect(asked - looked).toBeLessThan(120)
    await comesInAtOnce(tried, 'token')
    await stop()
  }, 60_000)

  test('for one user name from many addresses are slowed too, and that user comes in at once', async () => {
    await using tried = new Trial()
    await tried.start({}, api, false)
    const before = asked
    const stop = guessing(tried.port, (at, times) => ({
      username: 'ann',
      password: `guess-${times}`,
      from: `127.0.${at}.${(times % 200) + 1}`,
    }))
    await until(() => asked > before + 40)
    const looked = asked
    await quiet(1_500)
    expect(asked - looked).toBeLessThan(120)
    await comesInAtOnce(tried, 'ann')
    await stop()
  }, 60_000)

  test('in connect messages are refused, later each time', async () => {
    await using tried = new Trial()
    await tried.start({ limits: { maxFailedLogins: 2, maxLoginDelayMs: 300 } }, api, false)
    const url = `mqtt://127.0.0.1:${tried.port}`
    await using ann = await WireClient.connect(url, 'ann', 'spec', { username: 'token', password: await signed(GOOD) })
    const startedAt = performance.now()
    for (let times = 0; times < 5; times += 1)
      expect(await tried.code(ann, { type: 'connect', data: { token: `guess-${times}` } })).toBe('auth_error')
    expect(performance.now() - startedAt).toBeGreaterThan(590)
  })
})

test('fault O13: two connections that throw each other out are slowed down, and cost little', async () => {
  await using tried = new Trial()
  await tried.start()
  const url = `mqtt://127.0.0.1:${tried.port}`
  let going = true
  let connected = 0
  const twin = async () => {
    while (going) {
      const options = { clientId: 'twin', username: 'token', password: 'twin.a', reconnectPeriod: 0 }
      const client = await mqtt.connectAsync(url, options, false).catch(() => undefined)
      if (!client) continue
      connected += 1
      const ended = new Promise<void>((resolve) => client.once('close', () => resolve()))
      const stopped = until(() => !going, 30_000).catch(() => undefined)
      await Promise.race([ended, stopped])
      client.end(true)
    }
  }
  const twins = [twin(), twin()]
  await until(() => connected >= 55, 20_000)
  const before = connected
  const usage = process.cpuUsage()
  await quiet(3_000)
  const { user, system } = process.cpuUsage(usage)
  expect((user + system) / 3_000_000).toBeLessThan(0.5)
  expect(connected - before).toBeLessThan(16)
  const other = await tried.connect('other', 'a')
  await within(1_000, () => timed(async () => expect(await tried.code(other, read())).toBe('ok')))
  going = false
  await Promise.all(twins)
}, 60_000)
