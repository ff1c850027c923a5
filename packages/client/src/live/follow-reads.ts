import type { SubscriptionEvent } from '../subscription/event.ts'
import type { Subscription } from '../subscription/subscription.ts'
import { watchedColumns, watchOptions } from './change-plan.ts'
import { isFilterRefusal } from './is-filter-refusal.ts'
import type { LiveQuestion, LiveSteps } from './live-steps.ts'
import { Staleness } from './staleness.ts'
import { watchedEntities } from './watched-entities.ts'

type Row = Readonly<Record<string, unknown>>
type Feed = Subscription<SubscriptionEvent>

/**
 * Keeps a list by reading it again when something has changed that may show in it: its own rows, and the rows that are
 * read along. One read at a time, however much changes. Rejects when a subscription ends.
 */
export async function followReads(question: LiveQuestion, steps: LiveSteps): Promise<never> {
  const stale = new Staleness()
  let rows: readonly Row[] = []
  void pump(await subscribeWithin(question, steps), () => true, stale)
  const related = await watchedEntities(question.entity, question.call, steps.meta)
  for (const { entity, concerns } of related) {
    const feed = steps.subscribe(entity, { previous: true })
    await feed.ready
    void pump(feed, (event) => concerns(event, rows), stale)
  }
  for (;;) {
    stale.clear()
    rows = (await steps.read(question.call)).data
    steps.show(rows)
    await stale.whenStale()
  }
}

async function pump(feed: Feed, concerns: (event: SubscriptionEvent) => boolean, stale: Staleness): Promise<void> {
  try {
    for await (const event of feed) if (concerns(event)) stale.mark()
    stale.end()
  } catch (error) {
    stale.end({ error })
  }
}

/** Subscribes to the rows that may be in the list: to all that can be seen, if the server cannot decide the filter. */
async function subscribeWithin({ entity, call }: LiveQuestion, steps: LiveSteps): Promise<Feed> {
  const feed = steps.subscribe(entity, watchOptions(call, watchedColumns(call, await steps.meta(entity))))
  try {
    await feed.ready
    return feed
  } catch (error) {
    if (!isFilterRefusal(error)) throw error
    const all = steps.subscribe(entity, {})
    await all.ready
    return all
  }
}
