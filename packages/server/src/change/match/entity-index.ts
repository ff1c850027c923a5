import { createHash } from 'node:crypto'
import type { Entity } from '../../entity/entity.ts'
import type { Condition } from '../../query/condition.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Row } from '../change.ts'
import { canonicalCondition } from './canonical-condition.ts'
import { maskOfCondition } from './column-mask.ts'
import { ColumnSet, columnSetName, keyOfValues } from './column-set.ts'
import { type IndexEntry, indexEntries } from './index-entries.ts'
import type { Placement } from './placement.ts'
import { SubscriptionGroup } from './subscription-group.ts'

/** Sets of columns that are looked up together. Each costs every change a look-up; what comes later takes one column. */
const MAX_COLUMN_SETS = 64

/**
 * The subscriptions of one entity. Those with equal conditions are one group; groups are found by the values that they
 * want, so that the cost of a change grows with the groups that it may concern.
 */
export class EntityIndex {
  readonly #entity: Entity
  readonly #groups = new Map<string, SubscriptionGroup>()
  readonly #columnSets = new Map<string, ColumnSet>()
  #size = 0
  #placed = 0
  #lookUps = 0

  constructor(entity: Entity) {
    this.#entity = entity
  }

  get size(): number {
    return this.#size
  }

  /** Conditions that differ. */
  get groups(): number {
    return this.#groups.size
  }

  *all(): Iterable<Subscription> {
    for (const group of this.#groups.values()) yield* group.members()
  }

  add(subscription: Subscription, where: Condition, joined: number): void {
    const key = digestOf(canonicalCondition(where))
    const group = this.#groups.get(key) ?? this.#place(key, where, subscription)
    Object.assign(subscription, { matches: group.matches, group, joined })
    group.add(subscription)
    this.#size++
  }

  remove(subscription: Subscription): boolean {
    const { group } = subscription
    if (!group) return false
    subscription.group = undefined
    group.remove(subscription)
    if (group.isEmpty) this.#displace(group)
    this.#size--
    return true
  }

  /** Every group that one of these rows may match, each once. */
  find(rows: readonly Row[]): readonly SubscriptionGroup[] {
    const found: SubscriptionGroup[] = []
    const lookUp = ++this.#lookUps
    for (const columnSet of this.#columnSets.values()) {
      columnSet.find(rows, ({ group }) => {
        if (group.found === lookUp) return
        group.found = lookUp
        found.push(group)
      })
    }
    return found
  }

  #place(key: string, where: Condition, { matches }: Subscription): SubscriptionGroup {
    const group = new SubscriptionGroup(key, matches, maskOfCondition(this.#entity, where))
    const [only = [], ...more] = indexEntries(where).map((entry) => this.#placementOf(entry, group))
    group.placements = more.length === 0 ? only : [only, ...more].flat()
    for (const placement of [group.placements].flat()) placement.columnSet.add(placement)
    this.#groups.set(group.key, group)
    return group
  }

  #displace(group: SubscriptionGroup): void {
    this.#groups.delete(group.key)
    for (const placement of [group.placements].flat()) {
      const { columnSet } = placement
      columnSet.remove(placement)
      if (columnSet.isEmpty) this.#columnSets.delete(columnSet.name)
    }
  }

  #placementOf({ equal, range }: IndexEntry, group: SubscriptionGroup): Placement {
    const serial = ++this.#placed
    const fixed = [...equal].sort(([left], [right]) => (left < right ? -1 : 1))
    const columns = columnSetName(fixed.map(([column]) => column))
    if (this.#columnSets.has(columns) || this.#columnSets.size < MAX_COLUMN_SETS) {
      const key = keyOfValues(fixed.map(([, value]) => value))
      return { group, columnSet: this.#columnSet(columns), key, range, serial }
    }
    const [column = '', key = ''] = fixed[0] ?? []
    return { group, columnSet: this.#columnSet(column), key, range, serial }
  }

  #columnSet(columns: string): ColumnSet {
    const known = this.#columnSets.get(columns)
    if (known) return known
    const columnSet = new ColumnSet(this.#entity, columns)
    this.#columnSets.set(columns, columnSet)
    return columnSet
  }
}

/** Stands for a text that may be long, and is kept for every group. */
const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64').slice(0, 24)
