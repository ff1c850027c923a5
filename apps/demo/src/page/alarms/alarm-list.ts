import type { Change } from '../../follow.ts'
import type { Device } from '../../rows.ts'
import { degrees } from '../devices/device-row.ts'
import { element } from '../dom/element.ts'
import { findNamed } from '../dom/find.ts'
import { KeyedList } from '../dom/keyed-list.ts'
import { write } from '../dom/write.ts'

const CHANGES = 3

/** The devices that are in alarm, the newest first; under them, who entered and who left the set of late. */
export class AlarmList {
  readonly #note = findNamed('alarms-note')
  readonly #changes = findNamed('alarm-changes')
  readonly #list = new KeyedList<Device>(findNamed('alarms'), makeAlarm, fillAlarm)
  readonly #names = new Map<string, string>()

  /** Shows the set as it is now, in the order in which the devices entered, and what changed it. */
  show(alarms: ReadonlyMap<string, Device>, change?: Change<Device>): void {
    for (const [key, device] of alarms) this.#names.set(key, device.name)
    this.#list.show([...alarms].reverse())
    write(this.#note, alarms.size > 0 ? '' : 'All calm. Lower a threshold, and the device enters.')
    if (change?.type === 'enter' || change?.type === 'leave') this.#tell(change.type, String(change.key))
  }

  #tell(change: 'enter' | 'leave', key: string): void {
    const time = new Date().toLocaleTimeString('en-GB')
    const words = `${this.#names.get(key) ?? key} at ${time}`
    this.#changes.prepend(element('li', { 'data-change': change, 'data-key': key }, element('code', {}, change), words))
    while (this.#changes.childElementCount > CHANGES) this.#changes.lastElementChild?.remove()
  }
}

function makeAlarm(key: string): HTMLElement {
  const line = element('li', { 'data-testid': 'alarm', 'data-key': key })
  line.append(
    element('span', { 'data-field': 'name' }),
    element('small'),
    element('b', { 'data-field': 'temperature' }),
  )
  return line
}

function fillAlarm(target: HTMLElement, device: Device): void {
  const [name, about, temperature] = target.children
  const over = device.temperature === null ? null : device.temperature - device.threshold
  if (name) write(name, device.name)
  if (about) write(about, `${degrees(over)}° over ${degrees(device.threshold)} °C · ${device.site}`)
  if (temperature) write(temperature, `${degrees(device.temperature)} °C`)
}
