interface Waiting {
  readonly until: number
  readonly late: () => void
}

/**
 * Holds promises to one time limit, with one timer for all of them: a timer for each would cost more than what most
 * hooks do.
 */
export class Deadlines {
  readonly #limitMs: number
  /** In the order in which they end, since all have the same limit. */
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Settles as `work` does, or rejects with what `tooLate` gives when that takes longer than the limit. */
  hold<T>(work: PromiseLike<T>, tooLate: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = { until: performance.now() + this.#limitMs, late: () => reject(tooLate()) }
      this.#waiting.add(waiting)
      this.#timer ??= this.#start(this.#limitMs)
      const settled = <Value>(settle: (value: Value) => void) => {
        return (value: Value) => {
          this.#waiting.delete(waiting)
          settle(value)
        }
      }
      work.then(settled(resolve), settled(reject))
    })
  }

  #start(inMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), inMs).unref()
  }

  /** Ends what is over. The timer goes on only as long as anything waits. */
  #look(): void {
    const now = performance.now()
    this.#timer = undefined
    for (const waiting of this.#waiting) {
      // A timer may be early by a part of a millisecond.
      if (waiting.until > now + 1) {
        this.#timer = this.#start(waiting.until - now)
        return
      }
      this.#waiting.delete(waiting)
      waiting.late()
    }
  }
}
