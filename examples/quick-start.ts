// A server and a typed client in one file: `pnpm --filter @mqttspec/examples quick-start`.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import * as schema from './schema.ts'

// The server: two tables behind MQTT. Its broker is embedded, its database is PGlite in memory.
const api = defineSpec({ schema }).entity('devices').entity('readings')
await using server = await api.listen({ broker: { port: 0, webSocket: false } })

// The client knows the tables by the server's type; nothing of the server is in its bundle.
await using spec = await connect<typeof api>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)

const roof = await spec.create('devices', { name: 'roof', site: 'north' })
await spec.create('readings', [
  { device_id: roof.id, celsius: 31.5 },
  { device_id: roof.id, celsius: 18 },
])

const hot = await spec.read('readings', {
  where: { device_id: roof.id, celsius: { gt: 30 } },
  sort: '-at',
  columns: ['celsius'],
  total: true,
})
console.log(`${hot.total} hot reading:`, hot.data)

// From here on, every change to a reading above 30 °C.
await using changes = spec.subscribe('readings', { where: { celsius: { gt: 30 } } })
await changes.ready
const stored = await spec.create('readings', { device_id: roof.id, celsius: 40 })
await spec.update('readings', stored.id, { celsius: 41 })
await spec.update('readings', stored.id, { celsius: 20 })

for await (const change of changes) {
  if (change.type === 'enter' || change.type === 'update') console.log(change.type, change.data.celsius)
  if (change.type === 'leave') break
}
console.log('it cooled down')
