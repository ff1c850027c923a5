import type { Device, Spec } from '../../rows.ts'
import { ReadingChart } from '../chart/reading-chart.ts'
import { ChosenDevice } from '../devices/chosen-device.ts'
import { findNamed } from '../dom/find.ts'
import { followReadings } from './readings.ts'

/** The panel of one device of the fleet: its chart and its settings. */
export class ChosenPanel {
  readonly #spec: Spec
  readonly #chart: ReadingChart
  readonly #card: ChosenDevice
  readonly #failed: (error: unknown) => void
  readonly #moved: (id: string) => void
  #readings = new AbortController()
  #devices: ReadonlyMap<string, Device> = new Map()
  #wantedId = location.hash.slice(1)
  #shownId = ''

  /** `moved` hears which device is shown; which one it was is in the page's address, and so outlives a reload. */
  constructor(spec: Spec, moved: (id: string) => void, failed: (error: unknown) => void, signal: AbortSignal) {
    this.#spec = spec
    this.#moved = moved
    this.#failed = failed
    this.#chart = new ReadingChart(findNamed('chart'), signal)
    this.#card = new ChosenDevice(spec)
    signal.addEventListener('abort', () => this.#readings.abort())
  }

  /** Shows this device, or once it is there. */
  choose(id: string): void {
    this.#wantedId = id
    this.#show()
  }

  /** Takes the fleet as it is now. */
  update(devices: ReadonlyMap<string, Device>): void {
    this.#devices = devices
    this.#show()
  }

  #show(): void {
    const [first] = this.#devices.values()
    const device = this.#devices.get(this.#wantedId) ?? this.#devices.get(this.#shownId) ?? first
    if (!device) return
    if (device.id !== this.#shownId) this.#move(device.id)
    this.#card.show(device)
  }

  #move(id: string): void {
    this.#shownId = id
    history.replaceState(null, '', `#${id}`)
    this.#readings.abort()
    this.#readings = new AbortController()
    const threshold = () => this.#devices.get(id)?.threshold ?? 0
    followReadings(
      this.#spec,
      id,
      (readings) => this.#chart.show(readings, threshold()),
      this.#failed,
      this.#readings.signal,
    )
    this.#moved(id)
  }
}
