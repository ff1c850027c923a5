import type { Device, Spec } from '../../rows.ts'
import { AlarmList } from '../alarms/alarm-list.ts'
import { keepFollowing } from '../keep-following.ts'

/** The alarms: the server filters, so that a device enters the set when it gets too warm and leaves when it is well. */
export function alarmsPanel(spec: Spec, failed: (error: unknown) => void, signal: AbortSignal): void {
  const list = new AlarmList()
  const where = { status: 'alarm' }
  const set = {
    changes: () => spec.subscribe('devices', { where, signal }),
    read: () => spec.read('devices', { where, signal }),
    keyOf: (device: Device) => device.id,
  }
  void keepFollowing<Device>(set, (alarms, change) => list.show(alarms, change), failed, signal)
}
