const FREE = 5
const FORGET_MS = 60_000
const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 4_000
const MAX_KEPT = 1_000

interface Count {
  takeovers: number
  lastAt: number
}

/**
 * Tells connections that throw each other out under one client id from one that comes back. The first few in a minute
 * take over at once; those after them wait, so that two programs with one id cost no more than a connection now and then.
 */
export class TakeoverDamper {
  /** By client id, the one that was taken over last at the end. */
  readonly #counts = new Map<string, Count>()

  /** Counts a connection that takes over from another; how long it has to wait first. */
  delayMs(clientId: string, nowMs: number): number {
    const count = this.#counts.get(clientId)
    const takeovers = (count && nowMs - count.lastAt < FORGET_MS ? count.takeovers : 0) + 1
    this.#counts.delete(clientId)
    this.#counts.set(clientId, { takeovers, lastAt: nowMs })
    if (this.#counts.size > MAX_KEPT) this.#counts.delete(this.#counts.keys().next().value ?? '')
    return takeovers > FREE ? Math.min(FIRST_DELAY_MS * 2 ** (takeovers - FREE - 1), MAX_DELAY_MS) : 0
  }
}
