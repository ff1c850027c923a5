import { once } from 'node:events'
import { connect } from '@mqttspec/client'
import { api } from '../api.ts'
import { tryItLine } from '../try-it-line.ts'
import { buildPage } from './build-page.ts'
import { claimPorts } from './ports.ts'
import { prune } from './prune.ts'
import { seed } from './seed.ts'
import { servePage } from './serve-page.ts'
import { readSettings } from './settings.ts'
import { simulateFleet } from './simulator.ts'

const host = '127.0.0.1'
const path = '/mqtt'
/** On PostgreSQL, too, the demo makes what it needs; a server of yours leaves that to your migrations. */
const setUp = { createTables: true, install: true }

/** Runs the whole demo until the signal: the server with its broker, the page, and a fleet of devices. */
export async function run(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { database, mqtt, webSocket, page } = readSettings(env)
  const [port = 0, webSocketPort = 0, pagePort = 0] = await claimPorts(host, [mqtt, webSocket, page], say)
  say('Building the page…')
  const files = await buildPage()
  say(`Preparing the database (${database ? database.split(':')[0] : 'PGlite, in memory'})…`)
  await using _server = await api.listen({
    ...(database && { database }),
    ...setUp,
    broker: { host, port, webSocket: { port: webSocketPort, path } },
  })
  const url = `mqtt://${host}:${port}`
  await using spec = await connect<typeof api>(url, { clientId: 'keeper' })
  await seed(spec, Math.random)
  const config = { webSocket: { port: webSocketPort, path }, mqtt: { host, port } }
  const failed = (who: string, error: unknown): void => say(`${who}: ${error instanceof Error ? error.message : error}`)
  await using _page = await servePage(files, config, { host, port: pagePort })
  const work = [
    simulateFleet(url, failed, signal).catch((error: unknown) => failed('fleet', error)),
    prune(spec, (error) => failed('keeper', error), signal),
  ]
  say(`\n  The fleet     http://${host}:${pagePort}/\n  MQTT          ${url}\n`)
  say(`Try it from a shell:\n\n  ${tryItLine({ host, port })}\n\nCtrl-C stops it.`)
  if (!signal.aborted) await once(signal, 'abort')
  say('Stopping…')
  await Promise.all(work)
}
