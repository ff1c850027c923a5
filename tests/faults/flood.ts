import mqtt from 'mqtt'

/*
 * A client in a process of its own that sends all its requests at once, so that what is timed elsewhere is the server
 * and not this. Its arguments: the port, the client id, the password and how many. It ends when each was answered, and
 * prints how many of each code there were, and how many different ids.
 */
const [port, clientId = '', password = '', count = '0'] = process.argv.slice(2)

const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { clientId, username: 'token', password })
const codes: Record<string, number> = {}
const ids = new Set<string>()
client.on('message', (_topic, payload) => {
  const { id, error } = JSON.parse(`${payload}`)
  const code = error?.code ?? 'ok'
  codes[code] = (codes[code] ?? 0) + 1
  ids.add(id)
  if (ids.size < Number(count)) return
  console.log(JSON.stringify({ codes, ids: ids.size }))
  client.end(true)
})
await client.subscribeAsync(`spec/${clientId}/response`, { qos: 1 })
console.log('subscribed')
for (let at = 0; at < Number(count); at += 1) {
  const request = { id: `${at}`, type: 'request', operation: 'read', entity: 'things', options: {} }
  client.publish(`spec/${clientId}/request`, JSON.stringify(request), { qos: 0 })
}
