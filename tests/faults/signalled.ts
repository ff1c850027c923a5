// A server that a signal closes while it works on a request; run by operations.test.ts.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'

const rows = pgTable('rows', { id: serial().primaryKey(), name: text() })
const api = defineSpec({ schema: { rows } })
  .entity('rows')
  .hook('beforeCreate', 'rows', () => {
    console.log('asked')
    return new Promise((resolve) => setTimeout(resolve, 500))
  })
const server = await api.listen({ broker: { port: 0, webSocket: false }, signals: true })
const spec = await connect<typeof api>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
const stored = await spec.create('rows', { name: 'x' })
console.log('answered', stored.name === 'x')
await spec.close()
