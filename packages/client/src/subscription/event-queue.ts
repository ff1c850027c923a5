interface Taker<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void
  readonly reject: (error: unknown) => void
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** Items on their way to one reader: at most `max` wait, and those who wait for an item are served in order. */
export class EventQueue<Item> {
  readonly #max: number
  #items: Item[] = []
  #takers: Taker<Item>[] = []
  #end: { readonly error?: unknown } | undefined

  constructor(max: number) {
    this.#max = max
  }

  /** Adds an item; false when there is no room. After the end it does nothing. */
  push(item: Item): boolean {
    if (this.#end) return true
    const taker = this.#takers.shift()
    if (taker) taker.resolve({ done: false, value: item })
    else if (this.#items.length >= this.#max) return false
    else this.#items.push(item)
    return true
  }

  /** Drops what waits to be read. */
  clear(): void {
    this.#items = []
  }

  /** Ends it once what waits has been read; an error is then thrown once. */
  end(failure: { readonly error?: unknown } = {}): void {
    if (this.#end) return
    this.#end = failure
    const [first, ...rest] = this.#takers
    this.#takers = []
    if (first) this.#takeEnd(first)
    for (const taker of rest) taker.resolve(DONE)
  }

  /** The next item; done after the end. */
  next(): Promise<IteratorResult<Item, undefined>> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve({ done: false, value: item })
    return new Promise((resolve, reject) => {
      if (this.#end) this.#takeEnd({ resolve, reject })
      else this.#takers.push({ resolve, reject })
    })
  }

  // The error is thrown once.
  #takeEnd(taker: Taker<Item>): void {
    const end = this.#end
    this.#end = {}
    if (end && 'error' in end) taker.reject(end.error)
    else taker.resolve(DONE)
  }
}
