import type { Reading, Spec } from '../../rows.ts'
import { keepFollowing } from '../keep-following.ts'

const SHOWN = 120

/** Shows one device's last two minutes of readings, oldest first, again with each new one, until the signal. */
export function followReadings(
  spec: Spec,
  deviceId: string,
  show: (readings: readonly Reading[]) => void,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): void {
  const where = { device_id: deviceId }
  const set = {
    changes: () => spec.subscribe('readings', { where, signal }),
    async read() {
      const { data } = await spec.read('readings', { where, sort: '-id', limit: SHOWN, signal })
      return { data: data.reverse() }
    },
    keyOf: (reading: Reading) => reading.id,
  }
  void keepFollowing<Reading>(set, (rows) => show([...rows.values()].slice(-SHOWN)), failed, signal)
}
