import { retryOf, type WireError } from '@mqttspec/protocol'
import { type Backoff, backoffMs } from '../backoff.ts'

const BACKOFF: Backoff = { baseMs: 200, maxMs: 5_000 }

/**
 * When to send a refused request again with the id that it had, in milliseconds from now; undefined for never.
 *
 * The same for every operation: a read may run twice, and a write with the same id runs once. A `timeout` of the server
 * is not repeated: it says that this very request takes too long.
 */
export function retryDelay({ code, details }: WireError, refusals: number): number | undefined {
  if (code === 'timeout' || retryOf(code) === 'never') return undefined
  const asked = details?.retry_after_ms
  return typeof asked === 'number' && asked >= 0 ? asked : backoffMs(refusals, BACKOFF)
}
