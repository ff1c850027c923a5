/** Something that has work left for the end of the event-loop turn. */
export interface Flushable {
  flush(): void
}

/**
 * Runs `flush` once for each that asked, at the end of the event-loop turn, so that all which one turn sends to a
 * client is one write. That is what most of a request costs.
 */
export class TurnQueue {
  #queue: Flushable[] = []
  #immediate: NodeJS.Immediate | undefined

  add(flushable: Flushable): void {
    this.#queue.push(flushable)
    this.#immediate ??= setImmediate(() => this.flush())
  }

  /** Flushes at once. */
  flush(): void {
    clearImmediate(this.#immediate)
    this.#immediate = undefined
    const queue = this.#queue
    this.#queue = []
    for (const flushable of queue) flushable.flush()
  }
}
