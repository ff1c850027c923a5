// A server to talk to: `pnpm --filter @mqttspec/examples serve`. PORT is 1883 unless set; Ctrl-C stops it.
import { once } from 'node:events'
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import * as schema from './schema.ts'

const api = defineSpec({ schema }).entity('devices').entity('readings')

await using server = await api.listen({ broker: { port: Number(process.env.PORT ?? 1883), webSocket: false } })
const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`

await using spec = await connect<typeof api>(url)
const [roof, cellar] = await spec.create('devices', [
  { name: 'roof', site: 'north' },
  { name: 'cellar', site: 'south' },
])
if (roof && cellar) {
  await spec.create('readings', [
    { device_id: roof.id, celsius: 31.5 },
    { device_id: roof.id, celsius: 32 },
    { device_id: cellar.id, celsius: 12.25 },
  ])
}

console.log(`listening at ${url}`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
