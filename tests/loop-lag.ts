const TICK_MS = 5

/**
 * The longest that the event loop of this process was away since. Away is who works: a process that the machine lets wait
 * for others uses no CPU meanwhile.
 */
export class LoopLag implements Disposable {
  #longestMs = 0
  #lastAt = performance.now()
  #used = process.cpuUsage()
  readonly #timer = setInterval(() => this.#tick(), TICK_MS)

  /** In milliseconds; what comes is measured anew. */
  take(): number {
    this.#tick()
    const longestMs = this.#longestMs
    this.#longestMs = 0
    return longestMs
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = performance.now()
    const { user, system } = process.cpuUsage(this.#used)
    this.#longestMs = Math.max(this.#longestMs, Math.min(now - this.#lastAt - TICK_MS, (user + system) / 1_000))
    this.#lastAt = now
    this.#used = process.cpuUsage()
  }
}
