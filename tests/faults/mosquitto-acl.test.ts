import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findMosquitto, type Mosquitto, startAt } from '../mosquitto/start-mosquitto.ts'
import { quiet, until } from '../until.ts'
import { create, read } from './messages.ts'
import { api } from './trial.ts'

const acl = fileURLToPath(new URL('../../docs/acl/mosquitto.acl', import.meta.url))
const USERS = ['server', 'alice', 'mallory']

/** Does this machine have the broker, and what makes its password file? */
const isInstalled = (() => {
  try {
    execFileSync('mosquitto_passwd', ['-h'], { stdio: 'ignore' })
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false
  }
  return findMosquitto() !== undefined
})()

describe.skipIf(!isInstalled)('behind Mosquitto with docs/acl/mosquitto.acl (needs Mosquitto)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mqttspec-acl-'))
  let broker: Mosquitto
  let server: Awaited<ReturnType<typeof api.listen>>
  const clients: MqttClient[] = []

  const connect = async (username: string, options: IClientOptions = {}) => {
    const login = { clientId: username, username, password: `${username}-password`, reconnectPeriod: 0 }
    const client = await mqtt.connectAsync(broker.url, { ...login, ...options }, false)
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    const passwords = join(folder, 'passwords')
    for (const [at, user] of USERS.entries())
      execFileSync('mosquitto_passwd', [...(at === 0 ? ['-c'] : []), '-b', passwords, user, `${user}-password`])
    execFileSync('chmod', ['-R', 'a+rX', folder])
    const config = [
      'allow_anonymous false',
      `password_file ${passwords}`,
      `acl_file ${acl}`,
      'use_username_as_clientid true',
      'user root',
    ]
    broker = await startAt(findMosquitto() ?? '', config)
    const logger = { info: () => {}, warn: () => {}, error: () => {} }
    server = await api.listen({
      broker: { url: broker.url, clientId: 'server', username: 'server', password: 'server-password' },
      logger,
    })
  }, 60_000)
  afterAll(async () => {
    for (const client of clients) await client.endAsync(true)
    await server?.close()
    await broker?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  /** A client that works: it says who it is, and makes a row; resolves with what it received. */
  async function works(client: MqttClient, name: string) {
    const seen: Record<string, unknown>[] = []
    client.on('message', (_topic, payload) => void seen.push(JSON.parse(`${payload}`)))
    await client.subscribeAsync([`spec/${name}/response`, `spec/${name}/notify/+`], { qos: 1 })
    const send = (message: object) => client.publishAsync(`spec/${name}/request`, JSON.stringify(message), { qos: 1 })
    await send({ id: 'c', type: 'connect', data: { token: `${name}.${name}` } })
    await until(() => seen.length === 1)
    const [{ data } = {}] = seen
    const { session = '' } = (data ?? {}) as { session?: string }
    await send({ id: 'w', type: 'request', session, ...create({ label: `canary-${name}` }) })
    await until(() => seen.length === 2)
    expect(seen[1]).toMatchObject({ id: 'w', success: true })
    return { seen, send, session }
  }

  test('fault A05: whoever listens where it may not hears nothing', async () => {
    const mallory = await connect('mallory')
    const heard: string[] = []
    mallory.on('message', (topic) => void heard.push(topic))
    const filters = [
      '#',
      '+/#',
      'spec/#',
      'spec/+/response',
      'spec/alice/response',
      'spec/alice/notify/+',
      'spec/+/request',
      '$SYS/#',
      '$share/g/spec/+/request',
    ]
    for (const filter of filters) await mallory.subscribeAsync(filter, { qos: 1 }).catch(() => {})
    await works(await connect('alice'), 'alice')
    await quiet(200)
    expect(heard.filter((topic) => !topic.startsWith('spec/$server/'))).toEqual([])
  })

  test('fault A06: nobody publishes for another, or in the name of the server', async () => {
    const alice = await connect('alice')
    const { seen, send, session } = await works(alice, 'alice')
    const mallory = await connect('mallory')
    const before = seen.length
    const forged = JSON.stringify({ id: 'f', type: 'request', session, ...create({ label: 'forged' }) })
    for (const topic of ['spec/alice/request', 'spec/alice/response', 'spec/alice/notify/x', '$SYS/broker/clients'])
      await mallory.publishAsync(topic, forged, { qos: 1 }).catch(() => {})
    await quiet(200)
    expect(seen).toHaveLength(before)
    await send({ id: 'r', type: 'request', session, ...read() })
    await until(() => seen.length > before)
    expect(JSON.stringify(seen.at(-1))).not.toContain('forged')
  })

  test('a client id is that of the login, whatever the client says; and a session is of no use to another', async () => {
    const alice = await connect('alice')
    const { session } = await works(alice, 'alice')
    const mallory = await connect('mallory', { clientId: 'alice' })
    const seen: string[] = []
    mallory.on('message', (_topic, payload) => void seen.push(`${payload}`))
    await mallory.subscribeAsync('spec/mallory/response', { qos: 1 })
    await mallory.publishAsync(
      'spec/mallory/request',
      JSON.stringify({ id: 's', type: 'request', session, ...read() }),
      { qos: 1 },
    )
    await until(() => seen.length === 1)
    expect(JSON.parse(seen[0] ?? '')).toMatchObject({ id: 's', error: { code: 'unauthorized' } })
  })
})
