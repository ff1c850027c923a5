import type { ReadingChart } from '../chart/reading-chart.ts'
import { keepFollowing } from '../keep-following.ts'
import type { Device, Reading, Spec } from '../rows.ts'

const SHOWN = 120

/** Keeps the chart at one device's last two minutes, until the signal; its threshold is asked for with each reading. */
export function followReadings(
  spec: Spec,
  chart: ReadingChart,
  deviceId: string,
  device: () => Device | undefined,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): void {
  const where = { device_id: deviceId }
  const set = {
    async read() {
      const page = await spec.read('readings', { where, sort: ['-id'], limit: SHOWN, signal })
      return { at: page.at, data: page.data.toReversed() }
    },
    changes: (since: string) => spec.subscribe('readings', { where, since, signal }),
    keyOf: (reading: Reading) => reading.id,
  }
  const show = (rows: ReadonlyMap<string, Reading>): void =>
    chart.show([...rows.values()].slice(-SHOWN), device()?.threshold ?? 0)
  void keepFollowing<Reading>(set, show, failed, signal)
}
