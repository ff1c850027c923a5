import { generateKeyPairSync } from 'node:crypto'
import { defineSpec } from '@mqttspec/server'
import { importPKCS8, importSPKI, jwtVerify, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { read } from './messages.ts'
import { schema, Trial } from './trial.ts'

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
}, 30_000)

test('fault A20: 1,000 wrong passwords in a row keep nobody out who has the right one', async () => {
  await using tried = new Trial()
  await tried.start({}, api, false)
  const url = `mqtt://127.0.0.1:${tried.port}`
  const before = asked
  let refused = 0
  const attack = Array.from({ length: 20 }, async (_, at) => {
    for (let times = 0; times < 50; times += 1) {
      await WireClient.connect(url, `guess-${at}`, 'spec', { username: 'token', password: `guess-${times}` }).catch(
        (error: { code?: number }) => (refused += error.code === 5 ? 1 : 0),
      )
    }
  })
  await until(() => asked > before + 100, 20_000)
  const startedAt = performance.now()
  await using ann = await WireClient.connect(url, 'ann', 'spec', { username: 'token', password: await signed(GOOD) })
  expect(await tried.code(ann, read())).toBe('ok')
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  await Promise.all(attack)
  expect(refused).toBe(1_000)
}, 60_000)
