import type { Subscription } from '../../session/subscription.ts'
import { maskOf, NO_COLUMN } from './column-mask.ts'
import type { Placement } from './placement.ts'
import type { RowTest } from './row-tests.ts'

/** The subscriptions whose conditions hold for the same rows: a change is held against them once. */
export class SubscriptionGroup {
  /** Stands for their condition, as they have it in common. */
  readonly key: string
  readonly matches: RowTest
  /** The columns on which it depends whether a row matches. */
  readonly mask: number
  /** The columns that its subscriptions have ever seen. */
  shown = NO_COLUMN
  /** Where the index has put it: mostly in one place. */
  placements: Placement | readonly Placement[] = []
  /** The number of the last look-up that has found it. */
  found = 0
  // Most conditions are one client's own: a set for each of them would be most of what a subscription costs.
  #members: Subscription | Set<Subscription> | undefined

  constructor(key: string, matches: RowTest, mask: number) {
    this.key = key
    this.matches = matches
    this.mask = mask
  }

  get isEmpty(): boolean {
    return this.#members === undefined
  }

  add(member: Subscription): void {
    const { entity, columns } = member
    this.shown |= maskOf(entity, columns)
    if (this.#members === undefined) this.#members = member
    else if (this.#members instanceof Set) this.#members.add(member)
    else this.#members = new Set([this.#members, member])
  }

  remove(member: Subscription): void {
    if (this.#members === member) this.#members = undefined
    else if (this.#members instanceof Set && this.#members.delete(member) && this.#members.size === 0) {
      this.#members = undefined
    }
  }

  /** Its subscriptions; those that come or go meanwhile come or go here too. */
  members(): Iterable<Subscription> {
    if (this.#members === undefined) return []
    return this.#members instanceof Set ? this.#members : [this.#members]
  }
}
