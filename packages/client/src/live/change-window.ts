import type { SubscriptionEvent } from '../subscription/event.ts'
import type { RowOrder } from './row-order.ts'

type Row = Readonly<Record<string, unknown>>

interface Entry {
  readonly key: string
  /** With the columns that the order goes by. */
  readonly row: Row
  /** As it was asked for. */
  readonly shown: Row
}

/** What a window is made of. */
export interface WindowSettings {
  readonly order: RowOrder
  /** Rows that are shown at most. */
  readonly limit: number
  /** Rows that are kept at most: some more than are shown, so that one that leaves has one to take its place. */
  readonly kept: number
  /** Leaves of a row what was asked for. */
  show(row: Row): Row
}

/**
 * The first rows of a set in their order, kept right by what is told of the set.
 *
 * It always holds the beginning of the set, without a gap: all of it, or as many rows as it has. What comes after its
 * last row is not kept, and not known.
 */
export class ChangeWindow {
  readonly #settings: WindowSettings
  readonly #entries: Entry[]
  /** Are there no more rows in the set than here? */
  #isWhole: boolean

  constructor(rows: readonly Row[], isWhole: boolean, settings: WindowSettings) {
    this.#settings = settings
    this.#isWhole = isWhole
    this.#entries = rows.map((row) => this.#entryOf(row))
  }

  /** The rows to show. */
  get rows(): readonly Row[] {
    return this.#entries.slice(0, this.#settings.limit).map(({ shown }) => shown)
  }

  /** Takes what is told; false when only a read can tell what the window is now. */
  take(event: SubscriptionEvent): boolean {
    if (event.type === 'ready') return true
    if (event.type === 'reset') return false
    const key = this.#settings.order.keyOf(event.key)
    const index = this.#entries.findIndex((entry) => entry.key === key)
    const [old] = index < 0 ? [] : this.#entries.splice(index, 1)
    if (event.type !== 'leave' && !this.#put(event.data, old && { row: old.row, index })) return false
    return this.#isWhole || this.#entries.length >= this.#settings.limit
  }

  #put(row: Row, old: { readonly row: Row; readonly index: number } | undefined): boolean {
    const { order, kept } = this.#settings
    const stays = old && order.compare(old.row, row) === 0
    const index = stays ? old.index : this.#placeOf(row)
    if (index === undefined) return false
    // After the last row there may be others before it.
    if (!stays && index === this.#entries.length && !this.#isWhole) return true
    this.#entries.splice(index, 0, this.#entryOf(row))
    if (this.#entries.length > kept) {
      this.#entries.length = kept
      this.#isWhole = false
    }
    return true
  }

  /** Before which row it comes; undefined where only Postgres knows. */
  #placeOf(row: Row): number | undefined {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const entry = this.#entries[middle]
      const order = entry && this.#settings.order.compare(row, entry.row)
      if (order === undefined) return undefined
      if (order < 0) high = middle
      else low = middle + 1
    }
    return low
  }

  #entryOf(row: Row): Entry {
    return { key: this.#settings.order.keyOf(row), row, shown: this.#settings.show(row) }
  }
}
