/** Calls back when nothing was heard for a time. Hearing something costs a look at the clock, and moves no timer. */
export class SilenceTimer {
  readonly #silent: () => void
  #limitMs = 0
  #heardAtMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(silent: () => void) {
    this.#silent = silent
  }

  /** Begins to watch; with 0 it does not. */
  start(limitMs: number): void {
    this.stop()
    this.#limitMs = limitMs
    this.heard()
    if (limitMs > 0) this.#watch(limitMs)
  }

  heard(): void {
    if (this.#limitMs > 0) this.#heardAtMs = Date.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#limitMs = 0
  }

  #watch(waitMs: number): void {
    this.#timer = setTimeout(() => {
      const leftMs = this.#heardAtMs + this.#limitMs - Date.now()
      if (leftMs > 0) this.#watch(leftMs)
      else this.#silent()
    }, waitMs)
  }
}
