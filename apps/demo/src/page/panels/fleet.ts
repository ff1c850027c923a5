import { DeviceTable } from '../devices/device-table.ts'
import { findNamed } from '../dom/find.ts'
import { write } from '../dom/write.ts'
import { keepFollowing } from '../keep-following.ts'
import type { Device, Spec } from '../rows.ts'

const TREND = { columns: ['temperature'], sort: ['-id'], limit: 60 } as const

/** What the fleet's panel is told, and tells. */
export interface FleetPanel {
  /** The devices changed. */
  readonly changed: (devices: ReadonlyMap<string, Device>) => void
  /** Somebody chose a device. */
  readonly choose: (id: string) => void
  readonly failed: (error: unknown) => void
}

/** The live table: one read with each device's last readings, then a subscription from exactly there on. */
export function fleetPanel(spec: Spec, panel: FleetPanel, signal: AbortSignal): DeviceTable {
  const body = findNamed('devices')
  const table = new DeviceTable(body, panel.choose)
  let trends = new Map<string, number[]>()
  const set = {
    async read() {
      const page = await spec.read('devices', { limit: 1_000, with: { readings: TREND }, signal })
      trends = new Map(page.data.map(({ id, readings }) => [id, readings.map((each) => each.temperature).reverse()]))
      return { at: page.at, data: page.data.map(({ readings: _, ...device }) => device) }
    },
    changes: (since: string) => spec.subscribe('devices', { since, signal }),
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
