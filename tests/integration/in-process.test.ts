import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { until } from '../until.ts'

const notes = pgTable('notes', {
  id: serial().primaryKey(),
  tenant: text().notNull(),
  body: text().notNull(),
  rank: integer(),
})

let asked = 0
const api = defineSpec({
  schema: { notes },
  auth: z.object({ sub: z.string(), tenant: z.string() }),
  authenticate: () => {
    asked += 1
    return undefined
  },
})
  .entity('notes', { scope: ({ tenant }) => ({ tenant }), stamp: { tenant: ({ tenant }) => tenant } })
  .hook('beforeConnect', ({ auth }) => {
    if (auth.sub === 'unwanted') throw new Error('not you')
  })
  .hook('beforeCreate', 'notes', ({ data }) => {
    data.body = data.body?.trim() ?? ''
  })

const quietly = { logger: { info() {}, warn() {}, error() {} } }
const nowhere = { ...quietly, broker: { port: false, webSocket: false } } as const
const ann = { sub: 'ann', tenant: 'a' }

test('a client in the process of the server is as any other, and nobody asks who it is', async () => {
  await using server = await api.listen(nowhere)
  expect(server.addresses).toEqual({})
  await using spec = await connect<typeof api>(server.inProcess(ann))
  await using other = await connect<typeof api>(server.inProcess({ sub: 'bob', tenant: 'b' }))
  const made = await spec.create('notes', { body: '  hooks run ' })
  expect(made).toMatchObject({ tenant: 'a', body: 'hooks run' })
  expect((await other.read('notes')).data).toEqual([])
  await expect(spec.read('notes', { columns: ['nope' as 'id'] })).rejects.toMatchObject({ code: 'invalid_options' })
  const bodies: string[] = []
  for await (const event of spec.subscribe('notes', { snapshot: true })) {
    if (event.type === 'ready') await spec.create('notes', { body: 'live' })
    if (event.type === 'enter') bodies.push(event.data.body ?? '')
    if (bodies.length === 2) break
  }
  expect(bodies).toEqual(['hooks run', 'live'])
  expect(asked).toBe(0)
  expect(await server.health()).toMatchObject({ connected: 2 })
})

test('a large answer comes whole, and many at once come all', async () => {
  await using server = await api.listen(nowhere)
  await using spec = await connect<typeof api>(server.inProcess(ann))
  const body = 'x'.repeat(200_000)
  for (let at = 0; at < 5; at += 1) await spec.create('notes', { body })
  const pages = await Promise.all(Array.from({ length: 20 }, () => spec.read('notes')))
  for (const { data } of pages) expect(data.map((row) => row.body.length)).toEqual(Array(5).fill(200_000))
})

test('who is said to be nobody of the right form is refused, as one is whom a hook refuses', async () => {
  await using server = await api.listen(nowhere)
  for (const auth of [{ sub: 'ann' }, { sub: 'unwanted', tenant: 'a' }, undefined])
    await expect(connect(server.inProcess(auth as never))).rejects.toMatchObject({ code: 'auth_error' })
})

test('a client id stays its owner’s, and a client that closes is gone', async () => {
  await using server = await api.listen(nowhere)
  const first = await connect<typeof api>(server.inProcess(ann), { clientId: 'mine' })
  await expect(
    connect(server.inProcess({ sub: 'bob', tenant: 'b' }), { clientId: 'mine', timeoutMs: 10_000 }),
  ).rejects.toMatchObject({ code: 'auth_error' })
  await first.close()
  await until(async () => (await server.health()).connected === 0)
})

test('a server that closes ends its clients in the process, and takes no more', async () => {
  const server = await api.listen(nowhere)
  const spec = await connect<typeof api>(server.inProcess(ann), { timeoutMs: 10_000 })
  await server.close()
  await until(() => spec.connection.state !== 'online')
  await spec.close()
  await expect(connect(server.inProcess(ann), { timeoutMs: 300 })).rejects.toMatchObject({ code: 'unavailable' })
})

test('the prefix of the server’s topics comes along', async () => {
  await using server = await api.listen({ ...nowhere, topicPrefix: 'a/b' })
  await using spec = await connect<typeof api>(server.inProcess(ann))
  expect(await spec.count('notes')).toBe(0)
})
