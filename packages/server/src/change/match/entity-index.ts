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
import { type Member, SubscriptionGroup } from './subscription-group.ts'

/** Sets of columns that are looked up together. Each costs every change a look-up; what comes later takes one column. */
const MAX_COLUMN_SETS = 64

/**
 * The subscriptions of one entity. Those with equal conditions are one group; groups are found by the values that they
 * want, so that the cost of a change grows with the groups that it may concern.
 */
export class EntityIndex {
  readonly #entity: Entity
  readonly #groups = new Map<string, SubscriptionGroup>()
  readonly #members = new Map<Subscription, Member>()
  readonly #columnSets = new Map<string, ColumnSet>()
  #placed = 0
  #lookUps = 0

  constructor(entity: Entity) {
    this.#entity = entity
  }

  get size(): number {
    return this.#members.size
  }

  /** Conditions that differ. */
  get groups(): number {
    return this.#groups.size
  }

  all(): Iterable<Subscription> {
    return this.#members.keys()
  }

  add(subscription: Subscription, where: Condition, joined: number): void {
    const key = digestOf(canonicalCondition(where))
    const group = this.#groups.get(key) ?? this.#place(key, where, subscription)
    subscription.matches = group.matches
    const member = { subscription, group, joined }
    group.add(member)
    this.#members.set(subscription, member)
  }

  remove(subscription: Subscription): boolean {
    const member = this.#members.get(subscription)
    if (!member) return false
    this.#members.delete(subscription)
    member.group.remove(member)
    if (member.group.isEmpty) this.#displace(member.group)
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
    group.placements = indexEntries(where).map((entry) => this.#placementOf(entry, group))
    for (const placement of group.placements) this.#columnSet(placement.columns).add(placement)
    this.#groups.set(group.key, group)
    return group
  }

  #displace(group: SubscriptionGroup): void {
    this.#groups.delete(group.key)
    for (const placement of group.placements) {
      const columnSet = this.#columnSets.get(placement.columns)
      columnSet?.remove(placement)
      if (columnSet?.isEmpty) this.#columnSets.delete(placement.columns)
    }
  }

  #placementOf({ equal, range }: IndexEntry, group: SubscriptionGroup): Placement {
    const serial = ++this.#placed
    const fixed = [...equal].sort(([left], [right]) => (left < right ? -1 : 1))
    const columns = columnSetName(fixed.map(([column]) => column))
    if (this.#columnSets.has(columns) || this.#columnSets.size < MAX_COLUMN_SETS) {
      return { group, columns, key: keyOfValues(fixed.map(([, value]) => value)), range, serial }
    }
    const [column = '', key = ''] = fixed[0] ?? []
    return { group, columns: column, key, range, serial }
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
