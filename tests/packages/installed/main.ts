import { deepEqual, equal } from 'node:assert/strict'
import { connect } from '@mqttspec/client'
import { api } from './api.js'

/*
 * What somebody writes who has installed the packages: compiled against their declarations and run from their builds,
 * in a project outside of the workspace. It must end by itself.
 */
const server = await api.listen({ broker: { port: 0, webSocket: { port: 0 } } })
const { mqtt, webSocket } = server.addresses

for (const url of [
  `mqtt://${mqtt?.host}:${mqtt?.port}`,
  `ws://${webSocket?.host}:${webSocket?.port}${webSocket?.path}`,
]) {
  const spec = await connect<typeof api>(url)
  const changes = spec.subscribe('notes', { where: { done: false } })
  await changes.ready

  const note = await spec.create('notes', { text: 'Buy milk' })
  const text: string = note.text
  equal(text, 'Buy milk')
  // @ts-expect-error there is no such column: the types arrived
  await spec.read('notes', { where: { titel: 'x' } }).catch((error) => equal(error.code, 'invalid_options'))
  const { data } = await spec.read('notes', { where: { id: note.id }, columns: ['id', 'done'] })
  deepEqual(data, [{ id: note.id, done: false }])
  await spec.update('notes', note.id, { done: true })

  const seen: string[] = []
  for await (const event of changes) {
    seen.push(event.type)
    if (event.type === 'leave') break
  }
  deepEqual(seen, ['enter', 'leave'])
  await spec.close()
}

await server.close()
console.log('done')
