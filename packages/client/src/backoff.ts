/** How long to wait before trying again. */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * The delay before the attempt after `failures` failed ones, in milliseconds: doubling from `baseMs` to `maxMs`, of
 * which one half is random, so that clients that were cut off together do not come back together.
 */
export function backoffMs(failures: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const whole = Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30))
  return Math.round(whole / 2 + (whole / 2) * random())
}
