/**
 * The order of one subscription's notifications, by their `seq`: 1, 2, 3 …
 *
 * QoS 1 may deliver one twice; nothing may be missing.
 */
export class Sequence {
  #last = 0

  /** What a number means: the next one, one that was there already, or one before which some are missing. */
  take(seq: number): 'next' | 'repeat' | 'gap' {
    if (seq <= this.#last) return 'repeat'
    if (seq > this.#last + 1) return 'gap'
    this.#last = seq
    return 'next'
  }
}
