import { SpecError } from '@mqttspec/protocol'
import { EventQueue } from '../subscription/event-queue.ts'
import type { Live } from './live.ts'

type Rows = readonly Readonly<Record<string, unknown>>[]

const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** One reader of a live query: the newest list waits for it, and no other. */
export class LiveReader implements Live<Readonly<Record<string, unknown>>> {
  readonly ready: Promise<void>
  readonly #queue = new EventQueue<Rows>(1)
  readonly #signal: AbortSignal | undefined
  readonly #leave: () => Promise<void>
  readonly #aborted = (): void => this.#abort()
  #rows: Rows | undefined
  #over = false
  #begin: () => void = () => {}
  #refuse: (error: unknown) => void = () => {}

  /** `leave` is called once, when it is over; it resolves when nothing is left of it. */
  constructor(signal: AbortSignal | undefined, leave: (reader: LiveReader) => Promise<void>) {
    this.#signal = signal
    this.#leave = () => leave(this)
    this.ready = new Promise((resolve, reject) => {
      this.#begin = resolve
      this.#refuse = reject
    })
    // Who does not wait for it hears of the error from the iterator.
    this.ready.catch(() => {})
    signal?.addEventListener('abort', this.#aborted, { once: true })
  }

  get rows(): Rows | undefined {
    return this.#rows
  }

  /** Takes a newer list, in place of one that was not read yet. */
  show(rows: Rows): void {
    if (this.#over) return
    this.#rows = rows
    this.#queue.clear()
    this.#queue.push(rows)
    this.#begin()
  }

  /** Ends it with an error, thrown at once. */
  fail(error: unknown): void {
    if (this.#over) return
    this.#refuse(error)
    this.#queue.clear()
    this.#queue.end({ error })
    void this.#finish()
  }

  async next(): Promise<IteratorResult<Rows, undefined>> {
    return this.#queue.next()
  }

  // A loop that breaks off does not wait for the server's word.
  async return(): Promise<IteratorResult<Rows, undefined>> {
    void this.close()
    return END
  }

  async close(): Promise<void> {
    this.#refuse(new SpecError('closed', 'The live query was closed.'))
    this.#queue.clear()
    this.#queue.end()
    await this.#finish()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #abort(): void {
    this.fail(this.#signal?.reason)
  }

  async #finish(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#signal?.removeEventListener('abort', this.#aborted)
    await this.#leave()
  }
}
