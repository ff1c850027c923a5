import { ChangeMeanings } from '../../packages/server/src/change/match/change-meanings.ts'
import { classify } from '../../packages/server/src/change/match/classify.ts'
import { SubscriptionIndex } from '../../packages/server/src/change/match/subscription-index.ts'
import type { Subscription } from '../../packages/server/src/session/subscription.ts'
import { median } from '../measure/compare.ts'
import { changeOf, type Mix, subscriptionOf } from './subscriptions.ts'

/** What one change costs among so many subscriptions, in microseconds: by the index, and by asking each. */
export interface Matching {
  readonly mix: Mix
  readonly subscriptions: number
  /** Notifications that a change comes to. */
  readonly matches: number
  readonly indexMicros: number
  readonly loopMicros: number
  /** How many times faster the index is; the median of slices that took turns. */
  readonly ratio: number
}

/** Changes that take part, over and over. */
const CHANGES = 512

/** Decides changes by both ways in turns, `sliceMs` each. Throws when they do not come to the same. */
export function measureMatching(mix: Mix, count: number, rounds: number, sliceMs: number): Matching {
  const wanted = Array.from({ length: count }, (_, n) => subscriptionOf(mix, n))
  const subscriptions = wanted.map(({ subscription }) => subscription)
  const changes = Array.from({ length: CHANGES }, (_, n) => changeOf(n))
  const index = new SubscriptionIndex()
  for (const { subscription, where } of wanted) index.add(subscription, where)
  const byIndex = (n: number): number => told(index, changes[n % CHANGES] ?? changeOf(n))
  const byLoop = (n: number): number => asked(subscriptions, changes[n % CHANGES] ?? changeOf(n))
  let matches = 0
  const compared = Math.max(8, Math.min(CHANGES, Math.floor(1_000_000 / count)))
  for (let n = 0; n < compared; n++) {
    matches += byIndex(n)
    if (byIndex(n) !== byLoop(n)) throw new Error(`the index and the loop differ in change ${n} of ${mix}`)
  }
  const slices = Array.from({ length: rounds }, () => ({
    index: microsOf(byIndex, sliceMs),
    loop: microsOf(byLoop, sliceMs),
  }))
  return {
    mix,
    subscriptions: count,
    matches: matches / compared,
    indexMicros: median(slices.map((slice) => slice.index)),
    loopMicros: median(slices.map((slice) => slice.loop)),
    ratio: median(slices.map((slice) => slice.loop / slice.index)),
  }
}

function told(index: SubscriptionIndex, change: ReturnType<typeof changeOf>): number {
  const meanings = new ChangeMeanings(change)
  let count = 0
  for (const group of index.find(change)) {
    const membership = meanings.in(group)
    if (!membership) continue
    for (const subscription of group.members()) count += meanings.of(membership, subscription.columns).length
  }
  return count
}

function asked(subscriptions: readonly Subscription[], change: ReturnType<typeof changeOf>): number {
  let count = 0
  for (const subscription of subscriptions) count += classify(change, subscription).length
  return count
}

function microsOf(decide: (n: number) => number, sliceMs: number): number {
  const from = performance.now()
  let done = 0
  do decide(done++)
  while (performance.now() - from < sliceMs)
  return ((performance.now() - from) * 1_000) / done
}
