import { SpecError } from '@mqttspec/protocol'

/** Is what was read last out of date? Many marks between two looks are one. */
export class Staleness {
  #isStale = false
  #end: { readonly error: unknown } | undefined
  #wake: () => void = () => {}

  /** Something has changed. */
  mark(): void {
    this.#isStale = true
    this.#wake()
  }

  /** Nobody tells what changes any more, for this reason. */
  end(why: { readonly error: unknown } = { error: closed() }): void {
    this.#end ??= why
    this.#wake()
  }

  /** From now on only what changes counts: to be called before reading. */
  clear(): void {
    this.#isStale = false
  }

  /** Resolves when something has changed since `clear`; rejects once it has ended. */
  async whenStale(): Promise<void> {
    while (!this.#isStale && !this.#end) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#end) throw this.#end.error
  }
}

const closed = () => new SpecError('closed', 'The subscription was closed.')
