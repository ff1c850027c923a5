import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonLines, runProgram, works } from './run-program.ts'
import { type RunningServer, startServer } from './start-server.ts'

const PROGRAMS = ['mosquitto_rr', 'mosquitto_sub', 'mosquitto_pub']
const installed = PROGRAMS.every((program) => works('sh', ['-c', `command -v ${program}`]))

describe.skipIf(!installed)('the Mosquitto command line (needs mosquitto-clients)', () => {
  let server: RunningServer
  const as = (clientId: string) => ['-V', 'mqttv311', '-h', '127.0.0.1', '-p', server.port, '-i', clientId, '-q', '1']

  /** Publishes a request and gives the one reply that mosquitto_rr prints. */
  async function ask(clientId: string, message: object, ...more: string[]) {
    const topics = ['-t', `spec/${clientId}/request`, '-e', `spec/${clientId}/response`]
    const options = [...as(clientId), ...topics, '-W', '10', ...more, '-m', JSON.stringify(message)]
    return jsonLines(await runProgram('mosquitto_rr', options))[0]
  }

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => server?.[Symbol.asyncDispose]())

  test('mosquitto_rr asks, and prints the reply', async () => {
    const request = { id: '1', type: 'request', entity: 'readings' }
    expect(await ask('me', { ...request, operation: 'create', data: { device: 'a', celsius: 5 } })).toMatchObject({
      id: '1',
      success: true,
      data: { id: 1, device: 'a', celsius: 5 },
    })
    expect(await ask('me', { ...request, operation: 'read', options: { columns: ['celsius'] } })).toMatchObject({
      id: '1',
      data: [{ celsius: 5 }],
      metadata: { total: 1 },
    })
    expect(await ask('me', { id: 'p', type: 'ping' })).toMatchObject({ id: 'p', type: 'pong' })
  })

  test('mosquitto_sub prints what mosquitto_pub has changed, also what came while it was away', async () => {
    // Each program is a connection of its own; -c keeps the session, and with it the subscription, between them.
    await runProgram('mosquitto_sub', [...as('ear'), '-c', '-t', 'spec/ear/notify/+', '-E'])
    const subscribe = { id: 's', type: 'subscription', operation: 'subscribe', entity: 'readings' }
    expect(await ask('ear', subscribe, '-c')).toMatchObject({ id: 's', success: true })

    const create = (celsius: number) => ({
      id: `c${celsius}`,
      type: 'request',
      operation: 'create',
      entity: 'readings',
      data: { device: 'b', celsius },
    })
    const publish = (celsius: number) =>
      runProgram('mosquitto_pub', [...as('mouth'), '-t', 'spec/mouth/request', '-m', JSON.stringify(create(celsius))])
    await publish(1)

    const listening = spawn('mosquitto_sub', [...as('ear'), '-c', '-t', 'spec/ear/notify/+', '-C', '2', '-W', '10'])
    let printed = ''
    listening.stdout.on('data', (chunk) => (printed += chunk))
    await once(listening.stdout, 'data')
    await publish(2)
    await once(listening, 'close')
    expect(jsonLines(printed)).toMatchObject([
      { type: 'notification', operation: 'create', change: 'enter', seq: 1, data: { celsius: 1 } },
      { type: 'notification', operation: 'create', change: 'enter', seq: 2, data: { celsius: 2 } },
    ])
  })
})
