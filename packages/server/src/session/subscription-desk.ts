import {
  isSpecError,
  type Limits,
  notifyTopic,
  type ResetReason,
  SpecError,
  type SubscribeRequest,
  type UnsubscribeRequest,
} from '@mqttspec/protocol'
import { nanoid } from 'nanoid'
import type { Place } from '../change/change.ts'
import type { SubscriptionIndex } from '../change/match/subscription-index.ts'
import type { Notifier } from '../change/notify/notifier.ts'
import { encodePosition, type Position } from '../change/source/position.ts'
import type { Entity } from '../entity/entity.ts'
import { NO_ROW } from '../query/condition.ts'
import type { Session, Sessions } from './sessions.ts'
import { type Asked, askedOf, newSubscription, readAsked, type Subscription, type Wanted } from './subscription.ts'

/** What a subscription is after it was decided anew: the same to its client, from the same place on. */
const heir = (before: Subscription, wanted: Wanted): Subscription =>
  Object.assign(newSubscription(wanted, before.id, before.asked), { from: before.from, durable: before.durable })

/** What a subscription needs to live. */
export interface SubscriptionDeskParts {
  readonly sessions: Sessions
  readonly index: SubscriptionIndex
  readonly notifier: Notifier
  readonly limits: Limits
  readonly topicPrefix: string
}

/** A subscription as its reply tells it. */
export interface SubscriptionData {
  readonly subscription_id: string
  readonly schema: string
  readonly entity: string
  readonly notify_topic: string
  readonly at?: string
}

/** Begins and ends subscriptions, in the session, the index and the notifier at once. */
export class SubscriptionDesk {
  readonly #parts: SubscriptionDeskParts

  constructor(parts: SubscriptionDeskParts) {
    this.#parts = parts
  }

  /**
   * Begins a subscription; one whose reply got lost and that is asked for again, with the same id and content, is the
   * same subscription. Throws `forbidden` when there are too many.
   */
  begin(
    request: SubscribeRequest,
    session: Session,
    wanted: Wanted,
  ): { readonly subscription: Subscription; readonly isNew: boolean } {
    const { index, notifier } = this.#parts
    const { subscriptions } = session
    const asked = askedOf(request)
    for (const subscription of subscriptions.values())
      if (subscription.asked === asked) return { subscription, isNew: false }
    this.#checkCount(subscriptions.size)
    const subscription = newSubscription(wanted, nanoid(12), asked)
    subscriptions.set(subscription.id, subscription)
    index.add(subscription, wanted.where)
    notifier.begin(subscription)
    return { subscription, isNew: true }
  }

  /** The subscription that a message names. Throws `invalid_subscription`, `subscription_not_found`. */
  find(request: UnsubscribeRequest, clientId: string): Subscription {
    const id = request.subscription_id ?? request.data?.subscription_id
    if (id === undefined || id === '') {
      throw new SpecError('invalid_subscription', 'Which one? Send subscription_id.', { path: ['subscription_id'] })
    }
    const subscription = this.#parts.sessions.find(clientId)?.subscriptions.get(id)
    if (subscription) return subscription
    throw new SpecError('subscription_not_found', 'You have no such subscription; it may have ended.')
  }

  /** Ends a subscription. */
  end(subscription: Subscription): void {
    this.#parts.sessions.find(subscription.clientId)?.subscriptions.delete(subscription.id)
    this.#forget(subscription)
  }

  /**
   * The rights of a client have changed: each subscription is decided anew by `decide`, which throws for one that is not
   * allowed any more. Its set is another one from now on, so each is told to be read anew; one that ended, at its end.
   */
  async reconsider({ subscriptions }: Session, decide: (asked: Asked) => Promise<Wanted>): Promise<void> {
    const { index, notifier } = this.#parts
    const held = [...subscriptions.values()].map((subscription) => {
      // Nothing is told by the old rights while the new ones are being decided, also of what is on its way already.
      index.remove(subscription)
      const undecided = heir(subscription, { ...subscription, where: NO_ROW })
      subscriptions.set(undecided.id, undecided)
      notifier.reset(subscription, 'rights')
      notifier.replace(subscription, undecided)
      return undecided
    })
    for (const subscription of held) {
      try {
        const wanted = await decide(readAsked(subscription.asked))
        if (subscriptions.get(subscription.id) !== subscription) continue
        const next = heir(subscription, wanted)
        index.add(next, wanted.where)
        notifier.replace(subscription, next)
        subscriptions.set(subscription.id, next)
      } catch (error) {
        if (!isSpecError(error)) throw error
        this.end(subscription)
      }
    }
  }

  /** What has happened to an entity's rows can not be told: each set of them is to be read anew. */
  resetEntity(entity: Entity, reason: ResetReason, place: Place | undefined): void {
    for (const subscription of this.#parts.index.of(entity)) this.#parts.notifier.reset(subscription, reason, place)
  }

  /** Notifications to a client were lost: each of its sets is to be read anew. */
  resetAll(clientId: string, reason: ResetReason): void {
    const subscriptions = this.#parts.sessions.find(clientId)?.subscriptions.values() ?? []
    for (const subscription of subscriptions) this.#parts.notifier.reset(subscription, reason)
  }

  /** A client's session has ended, and its subscriptions with it. */
  endAll(clientId: string): void {
    for (const subscription of this.#parts.sessions.end(clientId)) this.#forget(subscription)
  }

  /** What the reply to a subscribe says. */
  describe({ id, clientId, entity }: Subscription, at: Position | undefined): SubscriptionData {
    return {
      subscription_id: id,
      schema: entity.schema,
      entity: entity.name,
      notify_topic: notifyTopic(this.#parts.topicPrefix, clientId, id),
      ...(at && { at: encodePosition(at) }),
    }
  }

  #forget(subscription: Subscription): void {
    subscription.durable?.release()
    this.#parts.index.remove(subscription)
    this.#parts.notifier.end(subscription)
  }

  #checkCount(ofClient: number): void {
    const { limits, index } = this.#parts
    if (ofClient >= limits.maxSubscriptionsPerClient) {
      throw new SpecError(
        'forbidden',
        `A client has at most ${limits.maxSubscriptionsPerClient} subscriptions; end one.`,
      )
    }
    if (index.size >= limits.maxSubscriptions) {
      throw new SpecError('overloaded', 'The server has as many subscriptions as it can; try later.', {
        retry_after_ms: 10_000,
      })
    }
  }
}
