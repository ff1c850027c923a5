import type { Device } from '../../rows.ts'
import { findNamed } from '../dom/find.ts'
import { write } from '../dom/write.ts'

const RATE_MS = 2_000

/** Shows the fleet in numbers. */
export function showFigures(devices: ReadonlyMap<string, Device>): void {
  const all = [...devices.values()]
  const having = (status: string): string => String(all.filter((device) => device.status === status).length)
  write(findNamed('figure-devices'), String(all.length))
  write(findNamed('figure-alarms'), having('alarm'))
  write(findNamed('figure-offline'), having('offline'))
}

/** Shows, until the signal, how many messages a second there were; `count` tells how many since it was last asked. */
export function showMessageRate(count: () => number, signal: AbortSignal): void {
  const show = (): void => void write(findNamed('figure-messages'), String(Math.round((count() * 1_000) / RATE_MS)))
  const clock = setInterval(show, RATE_MS)
  signal.addEventListener('abort', () => clearInterval(clock))
}
