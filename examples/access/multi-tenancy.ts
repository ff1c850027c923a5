// Two tenants in one table: each sees and makes rows of its own, whatever it asks for.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import * as z from 'zod'

const notes = pgTable('notes', { id: serial().primaryKey(), tenant: text().notNull(), body: text().notNull() })

const api = defineSpec({
  schema: { notes },
  auth: z.object({ userId: z.string(), tenant: z.string() }),
  // Here a token is `user.tenant`; see jwt.ts for one that can be trusted.
  authenticate: ({ token }) => {
    const [userId, tenant] = token?.split('.') ?? []
    return { userId, tenant }
  },
}).entity('notes', {
  stamp: { tenant: (auth) => auth.tenant }, // set by the server; a client that sends it is refused
  scope: (auth) => ({ tenant: auth.tenant }), // ANDed around every read, write, count, preload and subscription
})

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
await using acme = await connect<typeof api>(url, { token: () => 'ann.acme' })
await using rival = await connect<typeof api>(url, { token: () => 'bob.rival' })

const plan = await acme.create('notes', { body: 'our plan' })
console.log('acme sees', (await acme.read('notes')).data.length)
console.log('rival sees', (await rival.read('notes', { where: { id: { gt: 0 } } })).data.length)
console.log('rival gets', await rival.get('notes', plan.id))
await rival.delete('notes', plan.id).catch((error) => console.log('rival deletes:', error.code))
