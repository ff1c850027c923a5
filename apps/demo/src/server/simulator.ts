import { connect } from '@mqttspec/client'
import type { api } from '../api.ts'
import { follow } from '../follow.ts'
import type { Device } from '../rows.ts'
import { SimulatedDevice } from './device.ts'

/** More rows than this get no device that lives: each is a connection. */
const MAX_DEVICES = 100

/**
 * Keeps one simulated device alive for each row of `devices`, also for those that are added and deleted later, until
 * the signal; resolves when all have said goodbye.
 */
export async function simulateFleet(
  url: string,
  failed: (device: string, error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>()
  const start = (id: string, row: Device): void => {
    const stop = new AbortController()
    const lives = AbortSignal.any([stop.signal, signal])
    const device = new SimulatedDevice(row, Math.random)
    const done = device
      .run(url, (error) => failed(id, error), lives)
      .catch((error: unknown) => void (lives.aborted || failed(id, error)))
    running.set(id, { stop, done })
  }
  await using spec = await connect<typeof api>(url, { clientId: 'fleet' })
  const set = {
    changes: () => spec.subscribe('devices', { signal }),
    read: () => spec.read('devices', { limit: MAX_DEVICES, signal }),
    keyOf: (device: Device) => device.id,
  }
  const reconcile = (rows: ReadonlyMap<string, Device>): void => {
    for (const [id, { stop }] of running) if (!rows.has(id)) stop.abort()
    for (const id of running.keys()) if (!rows.has(id)) running.delete(id)
    for (const [id, row] of rows) if (!running.has(id) && running.size < MAX_DEVICES) start(id, row)
  }
  try {
    await follow<Device>(set, reconcile)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await Promise.all([...running.values()].map(({ done }) => done))
  }
}
