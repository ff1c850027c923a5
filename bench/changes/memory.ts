import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SubscriptionIndex } from '../../packages/server/src/change/match/subscription-index.ts'
import { Notifier } from '../../packages/server/src/change/notify/notifier.ts'
import type { Transport } from '../../packages/server/src/transport/transport.ts'
import { type Mix, subscriptionOf } from './subscriptions.ts'

/** Bytes of the heap for each subscription, once it has begun and nothing waits. */
export interface Memory {
  readonly mix: Mix
  readonly subscriptions: number
  /** All that is kept of it. */
  readonly bytes: number
  /** What is left of that after all but one were removed. */
  readonly leftBytes: number
  /** Microseconds that adding and removing one takes. */
  readonly addMicros: number
  readonly removeMicros: number
}

const NOWHERE = { isListening: () => true, notify: async () => {} } as unknown as Transport

/** Adds and removes `count` subscriptions. */
export function measureMemory(mix: Mix, count: number): Memory {
  const empty = heapBytes()
  const subscriptions = Array.from({ length: count }, (_, n) => subscriptionOf(mix, n).subscription)
  const made = heapBytes()
  const index = new SubscriptionIndex()
  const notifier = new Notifier(NOWHERE)
  let addMs = 0
  for (const [n, subscription] of subscriptions.entries()) {
    // A condition is gone once it is in the index: kept until here, it would seem to be part of the subscription.
    const { where } = subscriptionOf(mix, n)
    const addFrom = performance.now()
    index.add(subscription, where)
    addMs += performance.now() - addFrom
    notifier.begin(subscription)
    notifier.answered(subscription)
    notifier.begun(subscription, undefined)
  }
  const added = heapBytes()
  const removeFrom = performance.now()
  // One stays, so that what held the others has to let go of each.
  for (const subscription of subscriptions.slice(1)) index.remove(subscription)
  const removeMs = performance.now() - removeFrom
  for (const subscription of subscriptions.slice(1)) notifier.end(subscription)
  const removed = heapBytes()
  return {
    mix,
    subscriptions: index.size + subscriptions.length - 1,
    bytes: (added - empty) / count,
    // Tests that were shared with others that are gone stay with the subscription, which is still held here.
    leftBytes: (removed - made) / count,
    addMicros: (addMs * 1_000) / count,
    removeMicros: (removeMs * 1_000) / count,
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapBytes(): number {
  for (let time = 0; time < 3; time++) collect()
  return process.memoryUsage().heapUsed
}
