import type { PageConfig } from '../page-config.ts'
import { ReadingChart } from './chart/reading-chart.ts'
import { connectPatiently } from './connection/connect-patiently.ts'
import { addDevice } from './devices/add-device.ts'
import { ChosenDevice } from './devices/chosen-device.ts'
import { findNamed } from './dom/find.ts'
import { write } from './dom/write.ts'
import { alarmsPanel } from './panels/alarms.ts'
import { fleetPanel } from './panels/fleet.ts'
import { followReadings } from './panels/readings.ts'
import { usersPanel } from './panels/users.ts'
import type { Device } from './rows.ts'
import { tapWebSockets } from './wire/tap.ts'
import { showTryIt } from './wire/try-it.ts'
import { WireLog } from './wire/wire-log.ts'

const FIGURES_MS = 2_000

const page = new AbortController()
const { signal } = page
const log = new WireLog(signal)
tapWebSockets((way, message) => log.add(way, message))

const config = (await (await fetch('/config.json')).json()) as PageConfig
showTryIt(config.mqtt, signal)
const spec = await connectPatiently(
  `ws://${location.hostname}:${config.webSocket.port}${config.webSocket.path}`,
  signal,
)

const failed = (error: unknown): void => {
  write(findNamed('devices-note'), error instanceof Error ? error.message : String(error))
}
const chart = new ReadingChart(findNamed('chart'), signal)
const chosen = new ChosenDevice(spec)
let devices: ReadonlyMap<string, Device> = new Map()
let readings = new AbortController()
let chosenId = ''

function choose(id: string): void {
  if (id === chosenId) return
  chosenId = id
  history.replaceState(null, '', `#${id}`)
  table.choose(id)
  readings.abort()
  readings = new AbortController()
  followReadings(spec, chart, id, () => devices.get(id), failed, readings.signal)
  const device = devices.get(id)
  if (device) chosen.show(device)
}

function changed(now: ReadonlyMap<string, Device>): void {
  devices = now
  const all = [...now.values()]
  write(findNamed('figure-devices'), String(all.length))
  write(findNamed('figure-alarms'), String(all.filter((device) => device.status === 'alarm').length))
  write(findNamed('figure-offline'), String(all.filter((device) => device.status === 'offline').length))
  const device = now.get(chosenId) ?? now.get(location.hash.slice(1)) ?? all[0]
  if (!device) return
  choose(device.id)
  chosen.show(device)
}

const table = fleetPanel(spec, { changed, choose, failed }, signal)
alarmsPanel(spec, failed, signal)
void usersPanel(spec, failed, signal)
addDevice(spec, choose)

const figures = setInterval(() => {
  write(findNamed('figure-messages'), String(Math.round((log.count() * 1000) / FIGURES_MS)))
}, FIGURES_MS)

addEventListener('pagehide', () => {
  clearInterval(figures)
  readings.abort()
  page.abort()
  void spec.close()
})
