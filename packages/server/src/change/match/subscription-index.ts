import type { Entity } from '../../entity/entity.ts'
import type { Subscription } from '../../session/subscription.ts'

/** Which subscriptions a change may concern. */
export class SubscriptionIndex {
  readonly #byEntity = new Map<Entity, Set<Subscription>>()
  #size = 0

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size
  }

  add(subscription: Subscription): void {
    const same = this.#byEntity.get(subscription.entity) ?? new Set()
    this.#byEntity.set(subscription.entity, same.add(subscription))
    this.#size++
  }

  remove(subscription: Subscription): void {
    const same = this.#byEntity.get(subscription.entity)
    if (!same?.delete(subscription)) return
    this.#size--
    if (same.size === 0) this.#byEntity.delete(subscription.entity)
  }

  /** Is there any subscription of this entity? */
  has(entity: Entity): boolean {
    return this.#byEntity.has(entity)
  }

  /** Every subscription that a change of this entity may concern. */
  of(entity: Entity): Iterable<Subscription> {
    return this.#byEntity.get(entity) ?? []
  }
}
