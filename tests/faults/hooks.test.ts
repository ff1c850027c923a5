import { defineSpec } from '@mqttspec/server'
import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { create, read, subscribe } from './messages.ts'
import { schema, Trial } from './trial.ts'

class DriverError extends Error {
  readonly detail = 'password=hunter2'
}

const hang = () => new Promise<void>(() => {})

const hooked = defineSpec({ schema, authenticate: ({ clientId }) => ({ sub: clientId, tenant: 'a' }) })
  .entity('owners')
  .entity('things')
  .hook('beforeHandle', (ctx) => {
    if (ctx.client.id === 'driver') throw new DriverError('select * from users where password = $1')
    if (ctx.client.id === 'text') throw 'a text with hunter2'
    return ctx.client.id === 'hangs' ? hang() : undefined
  })
  .hook('beforeCreate', 'things', (ctx) => {
    if (ctx.data.label === 'plain') throw new Error('no such label, please')
    if (ctx.data.label === 'driver') throw new DriverError('insert into users')
    if (ctx.data.label === 'gone') ctx.data = undefined as never
    return ctx.data?.label === 'hangs' ? hang() : undefined
  })
  .hook('afterCreate', 'things', (ctx) => {
    if (ctx.row.label === 'late') throw new Error('taken back')
  })
  .hook('beforeSubscribe', (ctx) => {
    if (ctx.client.id === 'unwanted') throw new Error('not you')
  })

test('fault A19: a hook that throws, hangs or breaks what it is given denies, and nothing is stored', async () => {
  await using tried = new Trial()
  await tried.start({}, hooked)
  const client = await tried.connect('a19', 'a')
  const label = (text: string) => create({ label: text, tenant: 'a' })
  const [waits, hangs] = [await tried.connect('waits', 'a'), await tried.connect('hangs', 'a')]
  await hangs.send({ id: 'h', type: 'request', ...read() })
  expect((await tried.ask(client, label('plain'))).error).toMatchObject({
    code: 'hook_error',
    message: 'no such label, please',
  })
  const many = create([
    { label: 'good', tenant: 'a' },
    { label: 'plain', tenant: 'a' },
  ])
  expect((await tried.ask(client, many)).error).toMatchObject({ code: 'hook_error', details: { index: 1 } })
  const { error } = await tried.ask(client, label('driver'))
  expect(error).toMatchObject({ code: 'hook_error' })
  expect(JSON.stringify(error)).not.toMatch(/insert|hunter2/)
  expect((await tried.ask(client, label('gone'))).success).toBe(false)
  expect(await tried.code(client, label('late'))).toBe('hook_error')
  for (const id of ['driver', 'text']) {
    const denied = await tried.ask(await tried.connect(id, 'a'), read())
    expect(denied.error?.code).toBe('unauthorized')
    expect(JSON.stringify(denied)).not.toMatch(/select|hunter2/)
  }
  expect(await tried.code(await tried.connect('unwanted', 'a'), subscribe())).toBe('hook_error')
  await until(() => hangs.responses.length === 1, 10_000)
  expect(hangs.responses[0]).toMatchObject({ error: { code: 'timeout' } })
  await waits.send({ id: 'w', type: 'request', ...label('hangs') })
  await until(() => waits.responses.length === 1, 10_000)
  expect(waits.responses[0]).toMatchObject({ error: { code: 'timeout' } })
  expect((await tried.ask(client, read())).data).toEqual([])
}, 60_000)
