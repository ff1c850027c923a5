import type { Entity } from '../../entity/entity.ts'
import type { Condition } from '../../query/condition.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import { EntityIndex } from './entity-index.ts'
import type { SubscriptionGroup } from './subscription-group.ts'

/** Which subscriptions a change may concern. */
export class SubscriptionIndex {
  readonly #byEntity = new Map<Entity, EntityIndex>()
  #size = 0
  #joined = 0

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size
  }

  /** How many conditions they have, those that hold for the same rows counted once. */
  get groups(): number {
    let groups = 0
    for (const index of this.#byEntity.values()) groups += index.groups
    return groups
  }

  /** The `joined` of the subscription that came last. */
  get lastJoined(): number {
    return this.#joined
  }

  /** Adds one with its condition, of which it takes the test that all with the same one share. */
  add(subscription: Subscription, where: Condition): void {
    const index = this.#byEntity.get(subscription.entity) ?? new EntityIndex(subscription.entity)
    this.#byEntity.set(subscription.entity, index)
    index.add(subscription, where, ++this.#joined)
    this.#size++
  }

  remove(subscription: Subscription): void {
    const index = this.#byEntity.get(subscription.entity)
    if (!index?.remove(subscription)) return
    this.#size--
    if (index.size === 0) this.#byEntity.delete(subscription.entity)
  }

  /** Is there any subscription of this entity? */
  has(entity: Entity): boolean {
    return this.#byEntity.has(entity)
  }

  /** Every subscription of this entity. */
  of(entity: Entity): Iterable<Subscription> {
    return this.#byEntity.get(entity)?.all() ?? []
  }

  /** Every group that this change may concern: all that its old or its new row matches, and few others; each once. */
  find({ entity, old, new: row }: Pick<Change, 'entity' | 'old' | 'new'>): readonly SubscriptionGroup[] {
    const index = this.#byEntity.get(entity)
    return index ? index.find([old, row].filter((each): each is Row => each !== undefined)) : []
  }
}
