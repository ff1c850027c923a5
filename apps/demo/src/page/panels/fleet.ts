import type { Device, Spec } from '../../rows.ts'
import { DeviceTable } from '../devices/device-table.ts'
import { findNamed } from '../dom/find.ts'
import { write } from '../dom/write.ts'
import { keepFollowing } from '../keep-following.ts'

const TREND_MS = 60_000
const MOST = 1_000

/** What the fleet's panel tells. */
export interface FleetPanel {
  /** The devices changed. */
  readonly changed: (devices: ReadonlyMap<string, Device>) => void
  /** Somebody chose a device. */
  readonly choose: (id: string) => void
  readonly failed: (error: unknown) => void
}

/** The live table: the devices and the last minute of their readings, read once, and every change from there on. */
export function fleetPanel(spec: Spec, panel: FleetPanel, signal: AbortSignal): DeviceTable {
  const body = findNamed('devices')
  const table = new DeviceTable(body, panel.choose)
  let trends: ReadonlyMap<string, number[]> = new Map()
  const set = {
    changes: () => spec.subscribe('devices', { signal }),
    async read() {
      const page = await spec.read('devices', { limit: MOST, signal })
      trends = await readTrends(spec, signal)
      return page
    },
    keyOf: (device: Device) => device.id,
  }
  const show = (devices: ReadonlyMap<string, Device>, change?: object): void => {
    table.show(devices, change ? undefined : trends)
    body.ariaBusy = 'false'
    write(findNamed('devices-note'), devices.size > 0 ? '' : 'No devices yet.')
    panel.changed(devices)
  }
  void keepFollowing<Device>(set, show, panel.failed, signal)
  return table
}

async function readTrends(spec: Spec, signal: AbortSignal): Promise<ReadonlyMap<string, number[]>> {
  const where = { at: { gte: new Date(Date.now() - TREND_MS) } }
  const columns = ['device_id', 'temperature'] as const
  const { data } = await spec.read('readings', { where, columns, sort: '-id', limit: MOST, signal })
  const trends = new Map<string, number[]>()
  for (const { device_id, temperature } of data.reverse()) {
    const trend = trends.get(device_id)
    if (trend) trend.push(temperature)
    else trends.set(device_id, [temperature])
  }
  return trends
}
