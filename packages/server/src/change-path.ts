import type { Change } from './change/change.ts'
import { classify, type Meaning } from './change/match/classify.ts'
import type { SubscriptionIndex } from './change/match/subscription-index.ts'
import { encodeNotification, type Shown, shownOf } from './change/notify/encode-notification.ts'
import type { Notifier } from './change/notify/notifier.ts'
import type { Logger } from './logger.ts'
import type { Subscription } from './session/subscription.ts'

/*
 * READ SECOND: the path of a change.
 *
 *     change/source ──► candidates ──► classify ──► (hooks) ──► number and encode ──► transport
 *     (one transaction)  change/match    change/match  afterRead    change/notify         transport/
 */

/** What the path goes through. */
export interface ChangeSteps {
  readonly index: SubscriptionIndex
  readonly notifier: Notifier
  readonly logger: Logger
  /** Does a hook look at what this entity's subscribers are shown? */
  isMasked(change: Change): boolean
  /** What the hooks leave of it. */
  mask(shown: Shown, change: Change, subscription: Subscription): Promise<Shown>
}

/** Tells each subscription what each transaction's changes mean to it, in their order. */
export class ChangePath {
  readonly #steps: ChangeSteps
  /** Changes that wait for hooks; everything after them waits too, so that the order stays. */
  #waiting: Promise<void> | undefined

  constructor(steps: ChangeSteps) {
    this.#steps = steps
  }

  /** Takes the changes of one transaction. */
  tell(changes: readonly Change[]): void {
    if (!this.#waiting && !changes.some((change) => this.#steps.isMasked(change))) {
      for (const [change, subscription, meaning] of this.#meanings(changes)) this.#send(change, subscription, meaning)
      return
    }
    const waiting = (this.#waiting ?? Promise.resolve()).then(() => this.#tellMasked(changes))
    this.#waiting = waiting
    void waiting.then(() => {
      if (this.#waiting === waiting) this.#waiting = undefined
    })
  }

  async #tellMasked(changes: readonly Change[]): Promise<void> {
    for (const [change, subscription, meaning] of [...this.#meanings(changes)]) {
      if (!this.#steps.isMasked(change)) this.#send(change, subscription, meaning)
      else await this.#sendMasked(change, subscription, meaning)
    }
  }

  async #sendMasked(change: Change, subscription: Subscription, meaning: Meaning): Promise<void> {
    try {
      const shown = await this.#steps.mask(shownOf(change, meaning, subscription), change, subscription)
      this.#send(change, subscription, meaning, shown)
    } catch (error) {
      // What a hook refuses is not shown; but that something was there is not lost in silence.
      this.#steps.logger.error({ err: error, subscription: subscription.id }, 'a change could not be shown')
      this.#steps.notifier.reset(subscription, 'rights')
    }
  }

  #send(change: Change, subscription: Subscription, meaning: Meaning, shown?: Shown): void {
    this.#steps.notifier.send(subscription, (seq) => encodeNotification(change, meaning, subscription, seq, shown))
  }

  *#meanings(changes: readonly Change[]): Generator<readonly [Change, Subscription, Meaning]> {
    for (const change of changes) {
      for (const subscription of this.#steps.index.of(change.entity)) {
        for (const meaning of classify(change, subscription)) yield [change, subscription, meaning]
      }
    }
  }
}
