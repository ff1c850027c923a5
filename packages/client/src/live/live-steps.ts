import type { Meta } from '../operations/meta.ts'
import type { LooseRead, Page } from '../operations/read.ts'
import type { SubscriptionEvent } from '../subscription/event.ts'
import type { FeedOptions } from '../subscription/feed.ts'
import type { Subscription } from '../subscription/subscription.ts'

type Row = Readonly<Record<string, unknown>>

/** What is asked to be kept, as loosely typed as it runs. */
export type LooseLive = Omit<LooseRead, 'after' | 'before' | 'total' | 'signal'>

/** What a live query asks for, and of which entity. */
export interface LiveQuestion {
  readonly entity: string
  readonly call: LooseLive
}

/** What a live query needs of the client, and does for those who read it. All that waits here ends with the query. */
export interface LiveSteps {
  /** Reads a page of the entity, and not at once again: the more a read takes, the longer it is until the next. */
  read(call: LooseLive): Promise<Page<Record<string, unknown>>>
  meta(entity: string): Promise<Meta>
  /** Subscribes, until the list is kept in another way, or anew. */
  subscribe(entity: string, options: FeedOptions): Subscription<SubscriptionEvent>
  /** These are the rows now. */
  show(rows: readonly Row[]): void
}
