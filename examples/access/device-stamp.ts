// Sensors that send measurements: which device it was and when it came is the server's word, not the sensor's.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { pgTable, real, serial, text, timestamp } from 'drizzle-orm/pg-core'
import * as z from 'zod'

const samples = pgTable('samples', {
  id: serial().primaryKey(),
  device: text().notNull(),
  receivedAt: timestamp({ withTimezone: true }).notNull(),
  celsius: real().notNull(),
})

const KEYS = new Map([
  ['key-of-roof', 'roof'],
  ['key-of-cellar', 'cellar'],
])

const api = defineSpec({
  schema: { samples },
  auth: z.object({ id: z.string() }),
  authenticate: ({ token }) => ({ id: KEYS.get(token ?? '') }), // undefined fails the schema: refused
}).entity('samples', {
  stamp: { device: (auth) => auth.id, receivedAt: () => new Date() },
  scope: (auth) => ({ device: auth.id }),
  allow: { update: false, delete: false }, // what was measured stays
})

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
await using roof = await connect<typeof api>(url, { token: () => 'key-of-roof' })

const sample = await roof.create('samples', { celsius: 31.5 })
console.log(sample.device, sample.celsius, Date.now() - Date.parse(sample.receivedAt) < 60_000)
const forged = { celsius: 99, device: 'cellar' }
// @ts-expect-error the types know already that this is not the sensor's to say
await roof.create('samples', forged).catch((error) => console.log('another’s name:', error.code))
await roof.delete('samples', sample.id).catch((error) => console.log('deletes:', error.code))
await connect(url, { token: () => 'no key' }).catch((error) => console.log('no key:', error.code))
