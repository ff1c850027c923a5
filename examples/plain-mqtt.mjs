// The protocol without the SDK: any MQTT client will do. Start `serve` first, then
// `pnpm --filter @mqttspec/examples plain-mqtt`. URL is mqtt://127.0.0.1:1883 unless set.
import mqtt from 'mqtt'

const me = 'plain-client'
const client = await mqtt.connectAsync(process.env.URL ?? 'mqtt://127.0.0.1:1883', { clientId: me })
await client.subscribeAsync([`spec/${me}/response`, `spec/${me}/notify/+`], { qos: 1 })

/** What waits for a reply, by the id of its message. @type {Map<string, (reply: any) => void>} */
const waiting = new Map()
/** What waits for a notification. @type {((notification: any) => void)[]} */
const listeners = []

client.on('message', (topic, payload) => {
  const message = JSON.parse(payload.toString())
  if (topic.endsWith('/response')) waiting.get(message.id)?.(message)
  else for (const listener of listeners.splice(0)) listener(message)
})

/** Sends one message and resolves with its reply. @param {object} message */
async function ask(message) {
  const id = crypto.randomUUID()
  const reply = new Promise((resolve) => waiting.set(id, resolve))
  await client.publishAsync(`spec/${me}/request`, JSON.stringify({ id, ...message }), { qos: 1 })
  return await reply
}

const read = await ask({
  type: 'request',
  operation: 'read',
  entity: 'devices',
  options: { sort: [{ column: 'name' }], preload: [{ relation: 'readings', columns: ['celsius'] }] },
})
for (const device of read.data) console.log(device.name, JSON.stringify(device.readings))

const refused = await ask({ type: 'request', operation: 'read', entity: 'devices', options: { limit: -1 } })
console.log(refused.error.code, refused.error.details.path.join('.'))

await ask({ type: 'subscription', operation: 'subscribe', entity: 'devices' })
const told = new Promise((resolve) => listeners.push(resolve))
const stored = await ask({
  type: 'request',
  operation: 'create',
  entity: 'devices',
  data: { name: `attic ${process.pid}`, site: 'north' },
})
const notification = await told
console.log(notification.operation, notification.change, notification.key === stored.data.id)
await ask({ type: 'request', operation: 'delete', entity: 'devices', record_id: stored.data.id })
await client.endAsync()
