import type { Subscription } from '../../session/subscription.ts'
import type { Row } from '../change.ts'
import { type EqualityKeys, equalityKeys } from './equality-keys.ts'

/** The subscriptions that want one column to have a value, by that value. */
interface ColumnIndex {
  readonly decode: (cell: unknown) => unknown
  readonly byKey: Map<unknown, Set<Subscription>>
}

/**
 * The subscriptions of one entity, found by the value that they want in one column; those that want none are looked
 * at for every change. So the cost of a change grows with the subscriptions that it may concern.
 */
export class EntityIndex {
  readonly #columns = new Map<string, ColumnIndex>()
  readonly #rest = new Set<Subscription>()
  /** Where each subscription stands: in a column's index, or in the rest. */
  readonly #places = new Map<Subscription, EqualityKeys | undefined>()

  get size(): number {
    return this.#places.size
  }

  all(): Iterable<Subscription> {
    return this.#places.keys()
  }

  add(subscription: Subscription): void {
    const place = this.#bestOf(equalityKeys(subscription.where))
    this.#places.set(subscription, place)
    if (!place) {
      this.#rest.add(subscription)
      return
    }
    const { byKey } = this.#indexOf(place.column, subscription)
    for (const key of place.keys) byKey.set(key, (byKey.get(key) ?? new Set()).add(subscription))
  }

  remove(subscription: Subscription): boolean {
    const place = this.#places.get(subscription)
    if (!this.#places.delete(subscription)) return false
    this.#rest.delete(subscription)
    const index = place && this.#columns.get(place.column)
    for (const key of place?.keys ?? []) {
      const same = index?.byKey.get(key)
      same?.delete(subscription)
      if (same?.size === 0) index?.byKey.delete(key)
    }
    if (place && index?.byKey.size === 0) this.#columns.delete(place.column)
    return true
  }

  /** Every subscription that one of these rows may match, each once. */
  *candidates(rows: readonly Row[]): Generator<Subscription> {
    yield* this.#rest
    for (const [column, { decode, byKey }] of this.#columns) {
      const [first, second] = rows.map((row) => keyIn(row, column, decode))
      const found = byKey.get(first)
      if (found) yield* found
      if (second === undefined || second === first) continue
      // A list may hold both values: who was found by the first is not found again by the second.
      for (const subscription of byKey.get(second) ?? []) if (!found?.has(subscription)) yield subscription
    }
  }

  /** The column under whose values the fewest others stand: so one that all want alike is soon left aside. */
  #bestOf(ways: readonly EqualityKeys[]): EqualityKeys | undefined {
    const crowd = ({ column, keys }: EqualityKeys) => {
      const byKey = this.#columns.get(column)?.byKey
      return keys.reduce<number>((sum, key) => sum + (byKey?.get(key)?.size ?? 0), 0)
    }
    return ways.reduce<EqualityKeys | undefined>(
      (best, way) => (!best || crowd(way) < crowd(best) ? way : best),
      undefined,
    )
  }

  #indexOf(column: string, { entity }: Subscription): ColumnIndex {
    const known = this.#columns.get(column)
    if (known) return known
    const decode = entity.everyColumn.get(column)?.kind.memory?.decode ?? ((cell: unknown) => cell)
    const index: ColumnIndex = { decode, byKey: new Map() }
    this.#columns.set(column, index)
    return index
  }
}

/** The value of a row's column as it is looked up; NULL equals nothing, and is not. */
function keyIn(row: Row, column: string, decode: (cell: unknown) => unknown): unknown {
  const cell = row[column] ?? null
  return cell === null ? undefined : decode(cell)
}
