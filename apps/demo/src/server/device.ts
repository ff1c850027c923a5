import { connect, isSpecError } from '@mqttspec/client'
import type { api } from '../api.ts'
import { follow } from '../follow.ts'
import type { Device, Spec } from '../rows.ts'
import { wait } from '../wait.ts'
import { type Climate, calm, measured, nextSecond, type Random } from './climate.ts'
import { type Kind, kindNamed } from './kinds.ts'

const EVERY_MS = 1_000
const CHARGING_SECONDS = 15

/** What people may set on a device, and it obeys. */
type Orders = Pick<Device, 'id' | 'status' | 'threshold'>

/** What a device puts into its row. */
type Report = Pick<Device, 'status' | 'battery'> & Partial<Pick<Device, 'temperature' | 'humidity'>>

/**
 * A device with an MQTT connection of its own. Each second it measures, stores a reading, and puts what it found into
 * its row. It also listens to that row: it obeys a new threshold at once, and sleeps while somebody has it `offline`.
 */
export class SimulatedDevice {
  readonly #id: string
  readonly #kind: Kind
  readonly #random: Random
  #climate: Climate
  #battery: number
  #orders: Orders
  #chargingSeconds: number
  /** Nobody has switched it off: it has never been on. */
  readonly #isNew: boolean

  constructor(row: Device, random: Random) {
    this.#id = row.id
    this.#kind = kindNamed(row.kind)
    this.#random = random
    this.#battery = row.battery
    this.#orders = row
    this.#isNew = row.last_seen === null
    this.#chargingSeconds = row.battery === 0 ? CHARGING_SECONDS : 0
    const { temperature, humidity } = row
    this.#climate = calm(this.#kind)
    if (temperature !== null)
      this.#climate = { ...this.#climate, temperature, humidity: humidity ?? this.#kind.humidity }
  }

  /** Runs until the signal; `failed` hears of each second that could not be reported. */
  async run(url: string, failed: (error: unknown) => void, signal: AbortSignal): Promise<void> {
    await using spec = await connect<typeof api>(url, { clientId: `device-${this.#id}` })
    if (this.#isNew) await this.#report(spec, { status: 'online', battery: this.#battery }, signal)
    void this.#obey(spec, signal).catch((error: unknown) => signal.aborted || failed(error))
    for (; !signal.aborted; await wait(EVERY_MS, signal)) {
      try {
        await this.#second(spec, signal)
      } catch (error) {
        if (!signal.aborted) failed(error)
      }
    }
  }

  async #obey(spec: Spec, signal: AbortSignal): Promise<void> {
    // Only these columns, so that what the device reports of itself does not come back to it each second.
    const mine = { where: { id: this.#id }, columns: ['id', 'status', 'threshold'], signal } as const
    const set = {
      changes: () => spec.subscribe('devices', mine),
      read: () => spec.read('devices', mine),
      keyOf: (row: { readonly id: string }) => row.id,
    }
    await follow<Orders>(set, (rows) => {
      this.#orders = rows.get(this.#id) ?? this.#orders
    })
  }

  async #second(spec: Spec, signal: AbortSignal): Promise<void> {
    if (this.#chargingSeconds > 0) return this.#charge(spec, signal)
    if (this.#orders.status === 'offline') return
    this.#climate = nextSecond(this.#climate, this.#kind, this.#random)
    this.#battery = Math.max(0, this.#battery - (this.#kind.drain ?? 0))
    if (this.#battery === 0) this.#chargingSeconds = CHARGING_SECONDS
    const temperature = measured(this.#climate.temperature)
    const humidity = measured(this.#climate.humidity)
    const status = this.#battery === 0 ? 'offline' : temperature > this.#orders.threshold ? 'alarm' : 'online'
    await spec.create('readings', { device_id: this.#id, temperature, humidity }, { signal })
    await this.#report(spec, { temperature, humidity, status, battery: measured(this.#battery) }, signal)
  }

  async #charge(spec: Spec, signal: AbortSignal): Promise<void> {
    if (this.#chargingSeconds > 1) this.#chargingSeconds -= 1
    else {
      await this.#report(spec, { status: 'online', battery: 100 }, signal)
      this.#battery = 100
      this.#chargingSeconds = 0
    }
  }

  async #report(spec: Spec, { status, ...measures }: Report, signal: AbortSignal): Promise<void> {
    const row = { ...measures, last_seen: new Date() }
    const { status: before } = this.#orders
    if (status === before) await spec.update('devices', this.#id, row, { signal })
    else {
      try {
        await spec.update('devices', this.#id, { ...row, status }, { if: { status: before }, signal })
        this.#orders = { ...this.#orders, status }
      } catch (error) {
        // Somebody has switched it meanwhile, and is right; the device is about to hear of it.
        if (!isSpecError(error) || error.code !== 'precondition_failed') throw error
      }
    }
  }
}
