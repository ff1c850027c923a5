import type { SubscriptionEvent } from '../subscription/event.ts'
import type { Subscription } from '../subscription/subscription.ts'
import { watchedColumns, watchOptions } from './change-plan.ts'
import { isOptionRefusal } from './is-option-refusal.ts'
import type { LiveQuestion, LiveSteps } from './live-steps.ts'
import { RelatedChanges } from './related-changes.ts'
import { Staleness } from './staleness.ts'
import { watchedEntities } from './watched-entities.ts'

type Feed = Subscription<SubscriptionEvent>

/**
 * Keeps a list by reading it again when something has changed that may show in it: its own rows, and the rows that are
 * read along. One read at a time, however much changes. Rejects when a subscription ends.
 */
export async function followReads(question: LiveQuestion, steps: LiveSteps): Promise<never> {
  const stale = new Staleness()
  const mark = () => stale.mark()
  const related = new RelatedChanges(mark)
  void pump(await subscribeWithin(question, steps), mark, stale)
  for (const watched of await watchedEntities(question.entity, question.call, steps.meta)) {
    const feed = steps.subscribe(watched.entity, { previous: true })
    await feed.ready
    void pump(feed, (event) => related.take(event, watched), stale)
  }
  for (;;) {
    stale.clear()
    related.reading()
    const { data } = await steps.read(question.call)
    related.read(data)
    steps.show(data)
    await stale.whenStale()
  }
}

async function pump(feed: Feed, take: (event: SubscriptionEvent) => void, stale: Staleness): Promise<void> {
  try {
    for await (const event of feed) take(event)
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
    if (!isOptionRefusal(error, 'filters')) throw error
    const all = steps.subscribe(entity, {})
    await all.ready
    return all
  }
}
