const MAX_REFUSALS = 20
const WINDOW_MS = 60_000

/** Counts what a client was refused: 20 in a minute are no mistake. */
export class RefusalCount {
  #times: number[] = []

  /** Counts one; true when it is one too many. */
  add(nowMs: number): boolean {
    this.#times.push(nowMs)
    if (this.#times.length > MAX_REFUSALS) this.#times.shift()
    const oldest = this.#times[0] ?? nowMs
    return this.#times.length === MAX_REFUSALS && nowMs - oldest < WINDOW_MS
  }
}
