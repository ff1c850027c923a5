import type { Entity } from '../../entity/entity.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import { EntityIndex } from './entity-index.ts'

/** Which subscriptions a change may concern. */
export class SubscriptionIndex {
  readonly #byEntity = new Map<Entity, EntityIndex>()
  #size = 0

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size
  }

  add(subscription: Subscription): void {
    const index = this.#byEntity.get(subscription.entity) ?? new EntityIndex()
    this.#byEntity.set(subscription.entity, index)
    index.add(subscription)
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

  /** Every subscription that this change may concern: all that its old or its new row matches, and few others. */
  candidates({ entity, old, new: row }: Change): Iterable<Subscription> {
    const index = this.#byEntity.get(entity)
    return index ? index.candidates([old, row].filter((each): each is Row => each !== undefined)) : []
  }
}
