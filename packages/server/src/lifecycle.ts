/** The requests that run now, so that a server can end when they have ended. */
export class InFlight {
  readonly #running = new Set<Promise<void>>()
  #open = true

  /** Is the server still taking requests? */
  get open(): boolean {
    return this.#open
  }

  /** Counts a request until it has ended. It must never reject. */
  track(request: Promise<void>): void {
    this.#running.add(request)
    void request.finally(() => this.#running.delete(request))
  }

  /** Takes no more, and resolves when all have ended or the time is over; with how many had not. */
  async drain(timeoutMs: number): Promise<number> {
    this.#open = false
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    const ended = (async () => {
      while (this.#running.size > 0) await Promise.all(this.#running)
    })()
    await Promise.race([ended, timeout])
    clearTimeout(timer)
    return this.#running.size
  }
}
