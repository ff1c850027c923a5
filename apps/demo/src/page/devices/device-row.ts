import type { Device } from '../../rows.ts'
import { element } from '../dom/element.ts'
import { write } from '../dom/write.ts'
import { Sparkline } from './sparkline.ts'

/** Percent. */
const LOW_BATTERY = 15

const STATUS: Readonly<Record<string, string>> = { online: 'Online', alarm: 'Alarm', offline: 'Offline' }

/** A number to one decimal, or a dash for none. */
export const degrees = (value: number | null): string => (value === null ? '–' : value.toFixed(1).replace('-', '−'))

/** One line of the table: its cells are made once and written to as the device changes. */
export class DeviceRow {
  readonly root: HTMLTableRowElement
  readonly #spark = new Sparkline()
  readonly #name = element('button', { type: 'button', class: 'name' })
  readonly #about = element('small')
  readonly #temperature = element('td', { class: 'number', 'data-field': 'temperature' })
  readonly #humidity = element('td', { class: 'number wide', 'data-field': 'humidity' })
  readonly #battery = element('td', { class: 'number mid', 'data-field': 'battery' })
  readonly #status = element('span', { class: 'status' })
  #measuredAt: string | null = null

  constructor(key: string, choose: (key: string) => void) {
    this.root = element('tr', { 'data-testid': 'device', 'data-key': key })
    const trend = element('td', { class: 'wide' })
    trend.append(this.#spark.root)
    this.root.append(
      element('td', { 'data-field': 'name' }, this.#name, this.#about),
      trend,
      this.#temperature,
      this.#humidity,
      this.#battery,
      element('td', { 'data-field': 'status' }, this.#status),
    )
    this.root.addEventListener('click', () => choose(key))
  }

  /** Begins the trend anew with what the device measured until now, oldest first. */
  begin(device: Device, temperatures: readonly number[]): void {
    this.#spark.begin(temperatures)
    this.#measuredAt = device.last_seen
    this.#spark.draw(device.threshold)
  }

  /** Writes the device's values into the cells; what it measured since goes into the trend. */
  fill(device: Device): void {
    if (device.temperature !== null && device.last_seen !== this.#measuredAt) this.#spark.push(device.temperature)
    this.#measuredAt = device.last_seen
    this.root.dataset.status = device.status
    write(this.#name, device.name)
    write(this.#about, `${device.id} · ${device.kind} · ${device.site}`)
    write(this.#temperature, degrees(device.temperature))
    write(this.#humidity, device.humidity === null ? '–' : `${Math.round(device.humidity)} %`)
    this.#battery.dataset.low = String(device.battery < LOW_BATTERY)
    write(this.#battery, `${Math.round(device.battery)} %`)
    write(this.#status, STATUS[device.status] ?? device.status)
    this.#spark.draw(device.threshold)
  }

  /** Marks this as the device that is shown beside the table, or not. */
  choose(chosen: boolean): void {
    this.root.classList.toggle('is-chosen', chosen)
    this.#name.setAttribute('aria-pressed', String(chosen))
  }
}
