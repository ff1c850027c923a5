import { type Client, connect } from '@mqttspec/client'
import type { api } from '../api.ts'
import type { Device } from '../page/rows.ts'
import { wait } from '../wait.ts'
import { type Climate, calm, measured, nextSecond, type Random } from './climate.ts'
import { type Kind, kindNamed } from './kinds.ts'

const EVERY_MS = 1_000
const CHARGING_SECONDS = 15

/** What people may set on a device, and it obeys. */
type Orders = Pick<Device, 'status' | 'threshold'>

/**
 * A device with an MQTT connection of its own: each second it measures, stores a reading and its own row in one
 * transaction, and compares with the threshold; and it listens to its row, so that it obeys a new threshold at once,
 * and sleeps for as long as somebody has set it `offline`.
 */
export class SimulatedDevice {
  readonly #id: string
  readonly #kind: Kind
  readonly #random: Random
  #climate: Climate
  #battery: number
  #orders: Orders
  #chargingSeconds = 0

  constructor(row: Device, random: Random) {
    this.#id = row.id
    this.#kind = kindNamed(row.kind)
    this.#random = random
    this.#battery = row.battery
    this.#orders = row
    const { temperature, humidity } = row
    this.#climate = calm(this.#kind)
    if (temperature !== null)
      this.#climate = { ...this.#climate, temperature, humidity: humidity ?? this.#kind.humidity }
  }

  /** Runs until the signal; `failed` hears of each second that could not be reported. */
  async run(url: string, failed: (error: unknown) => void, signal: AbortSignal): Promise<void> {
    await using spec = await connect<typeof api>(url, { clientId: `device-${this.#id}`, signal })
    void this.#obey(spec, signal).catch((error: unknown) => signal.aborted || failed(error))
    for (; !signal.aborted; await wait(EVERY_MS, signal)) {
      try {
        await this.#second(spec, signal)
      } catch (error) {
        if (!signal.aborted) failed(error)
      }
    }
  }

  async #obey(spec: Client<typeof api>, signal: AbortSignal): Promise<void> {
    const where = { id: this.#id }
    // Only these columns, so that what the device reports of itself does not come back to it each second.
    const columns = ['status', 'threshold'] as const
    for await (const event of spec.subscribe('devices', { where, columns, snapshot: true, signal })) {
      if (event.type === 'enter' || event.type === 'update') this.#orders = event.data
    }
  }

  async #second(spec: Client<typeof api>, signal: AbortSignal): Promise<void> {
    if (this.#chargingSeconds > 0) return this.#charge(spec, signal)
    if (this.#orders.status === 'offline') return
    this.#climate = nextSecond(this.#climate, this.#kind, this.#random)
    this.#battery = Math.max(0, this.#battery - (this.#kind.drain ?? 0))
    const temperature = measured(this.#climate.temperature)
    const humidity = measured(this.#climate.humidity)
    const empty = this.#battery === 0
    const status = empty ? 'offline' : temperature > this.#orders.threshold ? 'alarm' : 'online'
    const row = { temperature, humidity, status, battery: measured(this.#battery), last_seen: new Date() }
    await spec.batch(
      (b) => {
        b.create('readings', { device_id: this.#id, temperature, humidity })
        // Whoever switched it off a moment ago wins over what it was about to report.
        b.update('devices', this.#id, row, { if: { status: this.#orders.status } })
      },
      { signal },
    )
    if (empty) this.#chargingSeconds = CHARGING_SECONDS
    this.#orders = { ...this.#orders, status }
  }

  async #charge(spec: Client<typeof api>, signal: AbortSignal): Promise<void> {
    this.#chargingSeconds -= 1
    if (this.#chargingSeconds > 0) return
    this.#battery = 100
    await spec.update('devices', this.#id, { battery: 100, status: 'online', last_seen: new Date() }, { signal })
    this.#orders = { ...this.#orders, status: 'online' }
  }
}
