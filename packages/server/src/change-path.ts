import type { Change } from './change/change.ts'
import { classify } from './change/match/classify.ts'
import type { SubscriptionIndex } from './change/match/subscription-index.ts'
import { encodeNotification } from './change/notify/encode-notification.ts'
import type { Notifier } from './change/notify/notifier.ts'

/*
 * READ SECOND: the path of a change.
 *
 *     change/source ──► candidates ──► classify ──► number and encode ──► transport
 *     (one transaction)  change/match    change/match  change/notify         transport/
 */

/** What the path goes through. */
export interface ChangeSteps {
  readonly index: SubscriptionIndex
  readonly notifier: Notifier
}

/** Tells each subscription what one transaction's changes mean to it, in their order. */
export function tell(changes: readonly Change[], { index, notifier }: ChangeSteps): void {
  for (const change of changes) {
    for (const subscription of index.of(change.entity)) {
      for (const meaning of classify(change, subscription)) {
        notifier.send(subscription, (seq) => encodeNotification(change, meaning, subscription, seq))
      }
    }
  }
}
