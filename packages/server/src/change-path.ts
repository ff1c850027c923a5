import type { Change } from './change/change.ts'
import { classify, type Meaning } from './change/match/classify.ts'
import type { SubscriptionIndex } from './change/match/subscription-index.ts'
import { isNews } from './change/notify/begin-subscription.ts'
import { encodeNotification, type Shown, shownOf } from './change/notify/encode-notification.ts'
import type { Notifier } from './change/notify/notifier.ts'
import type { Logger } from './logger.ts'
import type { Subscription } from './session/subscription.ts'

/*
 * READ SECOND: the path of a change.
 *
 *     change/source ──► candidates ──► classify ──► (hooks) ──► number and encode ──► transport
 *     (one transaction)  change/match    change/match  afterRead    change/notify         transport/
 *
 * How a subscription joins it, with the rows that are there or with what it missed, is in
 * change/notify/begin-subscription.ts.
 */

/** What the path goes through. */
export interface ChangeSteps {
  readonly index: SubscriptionIndex
  readonly notifier: Notifier
  readonly logger: Logger
  /** The replies that a client waits for; undefined when there are none. What it is told comes after them. */
  pendingReplies(clientId: string): Promise<unknown> | undefined
  /** Does a hook look at what this entity's subscribers are shown? */
  isMasked(change: Change): boolean
  /** What the hooks leave of it. */
  mask(shown: Shown, subscription: Subscription): Promise<Shown>
}

/** Tells each subscription what each transaction's changes mean to it, in their order. */
export class ChangePath {
  readonly #steps: ChangeSteps
  /** Clients that have to be waited for, for a reply or a hook; all that comes for them later waits behind. */
  readonly #queues = new Map<string, Promise<void>>()

  constructor(steps: ChangeSteps) {
    this.#steps = steps
  }

  /** Takes the changes of one transaction. */
  tell(changes: readonly Change[]): void {
    for (const change of changes) {
      const isMasked = this.#steps.isMasked(change)
      for (const subscription of this.#steps.index.candidates(change)) {
        if (!isNews(subscription, change)) continue
        for (const meaning of classify(change, subscription)) this.#tellOne(change, meaning, subscription, isMasked)
      }
    }
  }

  #tellOne(change: Change, meaning: Meaning, subscription: Subscription, isMasked: boolean): void {
    const { clientId } = subscription
    const queue = this.#queues.get(clientId)
    const replies = queue ? undefined : this.#steps.pendingReplies(clientId)
    if (!queue && !replies && !isMasked) {
      this.#send(change, meaning, subscription)
      return
    }
    const next = (queue ?? Promise.resolve(replies)).then(() =>
      isMasked ? this.#sendMasked(change, meaning, subscription) : this.#send(change, meaning, subscription),
    )
    this.#queues.set(clientId, next)
    void next.then(() => {
      if (this.#queues.get(clientId) === next) this.#queues.delete(clientId)
    })
  }

  async #sendMasked(change: Change, meaning: Meaning, subscription: Subscription): Promise<void> {
    try {
      const shown = await this.#steps.mask(shownOf(change, meaning, subscription), subscription)
      this.#send(change, meaning, subscription, shown)
    } catch (error) {
      // What a hook refuses is not shown; but that something was there is not lost in silence.
      const { id, clientId } = subscription
      this.#steps.logger.error({ err: error, clientId, subscription: id }, 'a change could not be shown')
      this.#steps.notifier.reset(subscription, 'rights')
    }
  }

  #send(change: Change, meaning: Meaning, subscription: Subscription, shown?: Shown): void {
    const encode = (seq: number) => encodeNotification(change, meaning, subscription, seq, shown)
    this.#steps.notifier.send(subscription, encode, change.place)
  }
}
