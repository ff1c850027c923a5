/** Takeovers under one client id that wait for nothing, and how many more of them come to be in a second. */
const FREE = 50
const FREE_A_SECOND = 4
const MAX_KEPT = 1_000

interface Bucket {
  /** Below 0: as many takeovers wait. */
  left: number
  atMs: number
}

/**
 * Tells connections that throw each other out under one client id from one that comes back over a bad network, as often
 * as it may be. What goes on and on is slowed down to a few takeovers in a second, which cost the server little.
 */
export class TakeoverDamper {
  /** By client id, the one that was taken over last at the end. */
  readonly #buckets = new Map<string, Bucket>()

  /** Counts a connection that takes over from another; how long it has to wait first. */
  delayMs(clientId: string, nowMs: number): number {
    const { left, atMs } = this.#buckets.get(clientId) ?? { left: FREE, atMs: nowMs }
    const gained = ((nowMs - atMs) / 1_000) * FREE_A_SECOND
    const bucket = { left: Math.min(FREE, left + gained) - 1, atMs: nowMs }
    this.#buckets.delete(clientId)
    this.#buckets.set(clientId, bucket)
    if (this.#buckets.size > MAX_KEPT) this.#buckets.delete(this.#buckets.keys().next().value ?? '')
    return Math.max(0, (-bucket.left * 1_000) / FREE_A_SECOND)
  }
}
