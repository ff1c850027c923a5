import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { defineSpec } from '@mqttspec/server'
import { Counter, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { quiet, until } from '../until.ts'
import { create, read, subscribe } from './messages.ts'
import { schema, Trial } from './trial.ts'

test('health and figures are served on a port of their own, and tell what is there', async () => {
  await using tried = new Trial()
  await tried.start({ http: { port: 0 } })
  const { http } = tried.server.addresses
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${http?.port}${path}`, { method })
    return { status: response.status, body: await response.text() }
  }
  const client = await tried.connect('ops', 'a')
  await tried.ask(client, subscribe())
  await tried.ask(client, create({ label: 5 }))
  expect(await get('/livez')).toEqual({ status: 200, body: 'ok\n' })
  const { status, body } = await get('/readyz')
  expect(status).toBe(200)
  expect(JSON.parse(body)).toMatchObject({
    status: 'ok',
    database: 'up',
    broker: 'embedded',
    connected: 1,
    subscriptions: 1,
  })
  const figures = (await get('/metrics')).body
  expect(figures).toBe(
    tried.server.metrics().replace(/resident_memory_bytes \d+/, /resident_memory_bytes \d+/.exec(figures)?.[0] ?? ''),
  )
  expect(figures).toContain('mqttspec_requests_total{code="ok"} 1')
  expect(figures).toContain('mqttspec_requests_total{code="invalid_data"} 1')
  expect(figures).toContain('mqttspec_subscriptions 1')
  expect((await get('/')).status).toBe(404)
  expect((await get('/metrics', 'POST')).status).toBe(405)
})

test('figures are in a registry of prom-client as long as the server runs', async () => {
  const registry = new Registry()
  const own = new Counter({ name: 'own_total', help: 'Of the program itself.', registers: [registry] })
  own.inc()
  const tried = new Trial()
  await tried.start({ metrics: { registry } })
  const client = await tried.connect('prom', 'a')
  await tried.ask(client, read())
  await tried.ask(client, create({ label: 5 }))
  const lines = (text: string) => text.split('\n').filter((line) => line && !line.includes('resident_memory'))
  expect(lines(await registry.metrics())).toEqual([
    ...lines(await registry.getSingleMetricAsString('own_total')),
    ...lines(tried.server.metrics()),
  ])
  expect(await registry.getMetricsAsJSON()).toContainEqual(
    expect.objectContaining({
      name: 'mqttspec_requests_total',
      type: 'counter',
      values: expect.arrayContaining([expect.objectContaining({ labels: { code: 'ok' }, value: 1 })]),
    }),
  )
  const second = new Trial()
  await expect(second.start({ metrics: { registry } })).rejects.toThrow('already been registered')
  await second.stop()
  expect(lines(await registry.metrics()).length).toBeGreaterThan(20)
  await tried[Symbol.asyncDispose]()
  expect(lines(await registry.metrics())).toEqual(lines(await registry.getSingleMetricAsString('own_total')))
})

test('a server whose database is gone is alive, and not ready', async () => {
  const tried = new Trial()
  await tried.start()
  await tried.stop()
  expect(await tried.server.health()).toMatchObject({ status: 'closing', database: 'down', connected: 0 })
})

test('a port for figures that is taken, or is none, is an error, and nothing stays open', async () => {
  await using tried = new Trial()
  await tried.start({ http: { port: 0 } })
  const other = new Trial()
  const port = tried.server.addresses.http?.port ?? 0
  await expect(other.start({ http: { port } })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
  await expect(other.start({ http: { port: 70_000 } })).rejects.toThrow('http.port is 70000')
  await other.stop()
})

test('with signals: true SIGTERM finishes what runs, and the process ends by itself with code 0', async () => {
  const program = fileURLToPath(new URL('signalled.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@mqttspec/source', program], {
    cwd: fileURLToPath(new URL('../../examples', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 40_000,
  })
  let out = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  const ended = once(child, 'exit')
  await until(() => out.includes('asked'), 20_000)
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(out.split('\n')).toEqual(['asked', 'answered true', ''])
}, 60_000)

/** All that a logger could find, however deep it looks. */
function everything(value: unknown): string {
  if (value instanceof Error) {
    const { message, stack, cause } = value
    return [message, stack, everything(cause), everything({ ...value })].join(' ')
  }
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, child]) => `${name}=${everything(child)}`)
    .join(' ')
}

/** A spec whose own code fails in many ways, with what it was given in its hands. */
const careless = defineSpec({
  schema,
  authenticate: ({ token }) => {
    const [sub, tenant] = token?.split('.') ?? []
    if (!sub || !tenant) throw new Error(`there is no user for ${token}`)
    return { sub, tenant }
  },
})
  .entity('things', { scope: (auth: undefined) => ({ tenant: (auth as unknown as { tenant: string }).tenant }) })
  .hook('beforeCreate', 'things', async ({ data, db }) => {
    if (data.label === 'hook')
      await db.insert(schema.things).values({ tenant: 'a', label: 'v4lue', ownerId: 4_242_424 })
    if (data.label === 'scope') throw Object.assign(new TypeError('no'), { password: 'p4ssw0rd', params: ['v4lue'] })
  })
  .hook('afterCreate', 'things', ({ row, afterCommit }) => {
    if (row.label === 'later')
      afterCommit(() => Promise.reject(Object.assign(new Error('later'), { token: 'p4ssw0rd' })))
  })
  .hook('afterRead', 'things', ({ rows, via }) => {
    if (via === 'subscription' && rows[0]?.label === 'shown') throw new TypeError('not to be shown')
  })

test('no password, token or value is ever logged, whatever fails, and each line about a request names it', async () => {
  const lines: { readonly facts: Record<string, unknown>; readonly message: string }[] = []
  const write = (facts: object, message: string) => void lines.push({ facts: { ...facts }, message })
  await using tried = new Trial()
  await tried.start({ logger: { info: write, warn: write, error: write } }, careless, false)
  const client = await tried.connect('log', 'a', { username: 'user-of-mine', password: 'log.a.p4ssw0rd' })
  for (const bad of [{ username: 'user-of-mine', password: 'p4ssw0rd' }, { username: 'p4ssw0rd-token' }])
    await expect(tried.connect('log-bad', 'a', { password: '', ...bad })).rejects.toMatchObject({ code: 5 })
  await tried.ask(client, { type: 'connect', data: { token: 'p4ssw0rd-token' } })
  await tried.ask(client, subscribe())
  for (const data of [
    { label: 'v4lue', code: 'v4lue', tenant: 'a' },
    { label: 'v4lue', code: 'v4lue', tenant: 'a' },
    { label: 'v4lue', amount: 'v4lue' },
    { label: 'v4lue', ownerId: 4_242_424, tenant: 'a' },
    ...['hook', 'scope', 'later', 'shown'].map((label) => ({ label, tenant: 'a' })),
  ])
    await tried.ask(client, create(data))
  await tried.ask(client, read({ filters: [{ column: 'label', operator: 'eq', value: { v: 'v4lue' } }] }))
  await client.send('v4lue', 'spec/other/request')
  const said = (message: string) => lines.filter((line) => line.message === message)
  await until(
    () =>
      said('a change could not be shown').length > 0 && said('what a hook does after a commit has failed').length > 0,
  )
  await quiet(50)
  expect(said('refused a client by its credentials')).toHaveLength(2)
  expect(said('a hook failed').length).toBeGreaterThanOrEqual(3)
  for (const { facts, message } of lines) {
    expect(`${message} ${everything(facts)}`).not.toMatch(/p4ssw0rd|v4lue|4242424/)
    if ('err' in facts) expect(facts, message).toMatchObject({ clientId: expect.stringMatching(/^log/) })
  }
  for (const { facts } of [...said('a hook failed').slice(0, 2), ...said('what a hook does after a commit has failed')])
    expect(facts).toMatchObject({ clientId: 'log', request: expect.stringMatching(/^log-\d+$/) })
})
