import type { Change } from './change/change.ts'
import { ChangeMeanings } from './change/match/change-meanings.ts'
import type { Meaning } from './change/match/classify.ts'
import type { SubscriptionIndex } from './change/match/subscription-index.ts'
import { isNews } from './change/notify/begin-subscription.ts'
import { encodeNotification, type Shown, shownOf } from './change/notify/encode-notification.ts'
import type { Notifier } from './change/notify/notifier.ts'
import { SharedNotification } from './change/notify/shared-notification.ts'
import type { Logger } from './logger.ts'
import type { Subscription } from './session/subscription.ts'
import { SlicedWork } from './sliced-work.ts'

/*
 * READ SECOND: the path of a change.
 *
 *     change/source ──► groups that it ──► what it means ──► (hooks) ──► encode, number ──► transport
 *     (one transaction)  may concern        to each           afterRead   change/notify      transport/
 *                        change/match       change/match
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
  readonly #work: SlicedWork
  /** Clients that have to be waited for, for a reply or a hook; all that comes for them later waits behind. */
  readonly #queues = new Map<string, Promise<void>>()

  constructor(steps: ChangeSteps) {
    this.#steps = steps
    this.#work = new SlicedWork((error) => steps.logger.error({ err: error }, 'a transaction could not be told'))
  }

  /**
   * Takes the changes of one transaction. Where they concern many, the event loop has its turns in between: then it
   * resolves when all are told, and what comes meanwhile waits its turn.
   */
  tell(changes: readonly Change[]): Promise<void> | undefined {
    return this.#work.add(this.#tellAll(changes, this.#steps.index.lastJoined))
  }

  /** Does something once all is told that was taken by now. */
  afterwards(act: () => void): void {
    void this.#work.add({
      next() {
        act()
        return { done: true, value: undefined }
      },
    })
  }

  /** Resolves when all is told that was taken by now, but for what waits for a reply or a hook. */
  told(): Promise<void> {
    return this.#work.idle()
  }

  /** Tells nothing more. */
  stop(): void {
    this.#work.stop()
  }

  /** Yields after each step. Who joins after `lastJoined` begins after these changes. */
  *#tellAll(changes: readonly Change[], lastJoined: number): Generator<void> {
    for (const change of changes) {
      const isMasked = this.#steps.isMasked(change)
      const meanings = new ChangeMeanings(change)
      const shared = new SharedNotification(change)
      for (const group of this.#steps.index.find(change)) {
        yield
        const membership = meanings.in(group)
        if (!membership) continue
        for (const subscription of group.members()) {
          if (subscription.joined > lastJoined || !isNews(subscription, change)) continue
          for (const meaning of meanings.of(membership, subscription.columns)) {
            this.#tellOne(change, meaning, subscription, isMasked ? undefined : shared)
          }
          yield
        }
      }
    }
  }

  /** What is shared is sent as it is; where nothing is, what hooks leave of it. */
  #tellOne(change: Change, meaning: Meaning, subscription: Subscription, shared: SharedNotification | undefined): void {
    const { clientId } = subscription
    const queue = this.#queues.get(clientId)
    const replies = queue ? undefined : this.#steps.pendingReplies(clientId)
    const tell = () =>
      shared
        ? this.#steps.notifier.send(subscription, shared.encoder(meaning, subscription), change.place)
        : this.#sendMasked(change, meaning, subscription)
    if (!queue && !replies && shared) {
      void tell()
      return
    }
    const next = (queue ?? Promise.resolve(replies)).then(tell)
    this.#queues.set(clientId, next)
    void next.then(() => {
      if (this.#queues.get(clientId) === next) this.#queues.delete(clientId)
    })
  }

  async #sendMasked(change: Change, meaning: Meaning, subscription: Subscription): Promise<void> {
    try {
      const shown = await this.#steps.mask(shownOf(change, meaning, subscription), subscription)
      const encode = (seq: number) => encodeNotification(change, meaning, subscription, seq, shown)
      this.#steps.notifier.send(subscription, encode, change.place)
    } catch (error) {
      // What a hook refuses is not shown; but that something was there is not lost in silence.
      const { id, clientId } = subscription
      this.#steps.logger.error({ err: error, clientId, subscription: id }, 'a change could not be shown')
      this.#steps.notifier.reset(subscription, 'rights')
    }
  }
}
