// Clients that prove who they are by a JWT: sent as the password, checked by `jose`, ended when it ends.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import * as schema from '../schema.ts'

// Whoever signs your users in has this key too; with a public key (RS256, EdDSA) only they can sign.
const key = new TextEncoder().encode('a secret of at least 32 bytes, from the environment')

async function verify(token: string) {
  const { payload } = await jwtVerify(token, key, {
    algorithms: ['HS256'], // pinned: a token can not choose how it is checked
    issuer: 'https://login.example.com',
    audience: 'mqtt',
    requiredClaims: ['sub', 'exp'], // `exp` and `nbf` are checked; the server ends the connection at `exp`
  })
  return payload
}

const api = defineSpec({
  schema,
  auth: z.object({ sub: z.string(), exp: z.number() }),
  authenticate: ({ token }) => (token ? verify(token) : undefined),
})
  .entity('devices')
  .entity('readings')

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`

const sign = (audience: string, lifetime: string) =>
  new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('https://login.example.com')
    .setSubject('ann')
    .setAudience(audience)
    .setExpirationTime(lifetime)
    .sign(key)

// The SDK asks for a token whenever it connects, so that a new one is there when the old one has ended.
await using spec = await connect<typeof api>(url, { token: () => sign('mqtt', '1h') })
const roof = await spec.create('devices', { name: 'roof', site: 'north' })
console.log('stored', roof.name)

for (const [audience, lifetime] of [
  ['another service', '1h'],
  ['mqtt', '-1m'],
] as const) {
  const token = await sign(audience, lifetime)
  await connect(url, { token: () => token }).catch((error) => console.log('refused', error.code))
}
