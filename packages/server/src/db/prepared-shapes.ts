/** How many statements one connection keeps prepared. Each costs about 19 kB of the server's memory. */
export const PREPARED_SHAPES = 500

/** How many times a full set may be missed before its connection is worth replacing. */
const MISSES_PER_SHAPE = 20

/**
 * Which statements one connection prepares, since the drivers never forget one.
 *
 * A text is admitted when it is seen again while among the latest `limit` unprepared ones, so what is asked once
 * takes no room. A full set admits nothing more; once that has cost enough, `worn` asks for a fresh connection.
 */
export class PreparedShapes {
  readonly #limit: number
  readonly #prepared = new Map<string, string>()
  readonly #seenOnce = new Set<string>()
  #misses = 0

  constructor(limit = PREPARED_SHAPES) {
    this.#limit = limit
  }

  get worn(): boolean {
    return this.#misses > this.#limit * MISSES_PER_SHAPE
  }

  /** The name under which `text` is prepared on this connection, or undefined when it is to run unprepared. */
  nameOf(text: string): string | undefined {
    const name = this.#prepared.get(text)
    return name ?? this.#admit(text)
  }

  #admit(text: string): string | undefined {
    if (this.#prepared.size >= this.#limit) {
      this.#misses += 1
      return undefined
    }
    if (this.#seenOnce.delete(text)) {
      const name = `mqttspec_${this.#prepared.size}`
      this.#prepared.set(text, name)
      return name
    }
    this.#seenOnce.add(text)
    if (this.#seenOnce.size > this.#limit) this.#forgetOldest()
    return undefined
  }

  #forgetOldest(): void {
    for (const text of this.#seenOnce) {
      this.#seenOnce.delete(text)
      return
    }
  }
}
