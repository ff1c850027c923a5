import type { PageConfig } from '../page-config.ts'
import { connectPatiently } from './connection/connect-patiently.ts'
import { addDevice } from './devices/add-device.ts'
import { findNamed } from './dom/find.ts'
import { write } from './dom/write.ts'
import { alarmsPanel } from './panels/alarms.ts'
import { ChosenPanel } from './panels/chosen.ts'
import { showFigures, showMessageRate } from './panels/figures.ts'
import { fleetPanel } from './panels/fleet.ts'
import { usersPanel } from './panels/users.ts'
import { tapWebSockets } from './wire/tap.ts'
import { showTryIt } from './wire/try-it.ts'
import { WireLog } from './wire/wire-log.ts'

const page = new AbortController()
const { signal } = page
const log = new WireLog(signal)
tapWebSockets((way, message) => log.add(way, message))
showMessageRate(() => log.count(), signal)

const { mqtt, webSocket } = (await (await fetch('/config.json')).json()) as PageConfig
showTryIt(mqtt, signal)
const spec = await connectPatiently(`ws://${location.hostname}:${webSocket.port}${webSocket.path}`, signal)

const failed = (error: unknown): void => {
  write(findNamed('devices-note'), error instanceof Error ? error.message : String(error))
}
const chosen = new ChosenPanel(spec, (id) => table.choose(id), failed, signal)
const choose = (id: string): void => chosen.choose(id)
const changed: typeof showFigures = (devices) => {
  showFigures(devices)
  chosen.update(devices)
}
const table = fleetPanel(spec, { changed, choose, failed }, signal)
alarmsPanel(spec, failed, signal)
usersPanel(spec, failed, signal)
addDevice(spec, choose)

addEventListener('pagehide', () => {
  page.abort()
  void spec.close()
})

// A page that the browser kept and brings back has let go of its connection.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})
