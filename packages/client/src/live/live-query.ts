import { isSpecError, SpecError } from '@mqttspec/protocol'
import { type Backoff, backoffMs } from '../backoff.ts'
import type { Meta } from '../operations/meta.ts'
import type { LooseRead, Page } from '../operations/read.ts'
import type { SubscriptionEvent } from '../subscription/event.ts'
import type { FeedOptions } from '../subscription/feed.ts'
import type { Subscription } from '../subscription/subscription.ts'
import { changePlan } from './change-plan.ts'
import { ChangeFollower } from './follow-changes.ts'
import { followReads } from './follow-reads.ts'
import type { LiveReader } from './live-reader.ts'
import type { LiveQuestion, LiveSteps } from './live-steps.ts'
import { SharedRows } from './shared-rows.ts'
import { wait } from './wait.ts'

type Row = Readonly<Record<string, unknown>>

/** What live queries need of the client. */
export interface LiveClient {
  read(entity: string, call: LooseRead): Promise<Page<Record<string, unknown>>>
  meta(entity: string): Promise<Meta>
  subscribe(entity: string, options: FeedOptions): Subscription<SubscriptionEvent>
  isOnline(): boolean
}

const BACKOFF: Backoff = { baseMs: 200, maxMs: 15_000 }
// After a read of this length, at least and at most, none for as long: a list that changes all the time is no storm.
const REST = { leastMs: 20, mostMs: 1_000 }

/** One list, kept as it is now for as long as somebody reads it: equal questions of a client share one. */
export class LiveQuery {
  readonly #question: LiveQuestion
  readonly #client: LiveClient
  readonly #readers = new Set<LiveReader>()
  readonly #stop = new AbortController()
  readonly #shared = new SharedRows()
  readonly #ended: () => void
  #feeds: Subscription<SubscriptionEvent>[] = []
  #rows: readonly Row[] | undefined
  #telling: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #restUntil = 0

  /** `ended` is called when nobody reads it any more, or nobody can. */
  constructor(question: LiveQuestion, client: LiveClient, ended: () => void) {
    this.#question = question
    this.#client = client
    this.#ended = ended
    void this.#run()
  }

  /** Shows the list to one more reader, now and whenever it changes. */
  join(reader: LiveReader): void {
    this.#readers.add(reader)
    if (this.#rows && this.#telling === undefined) reader.show(this.#rows)
  }

  /** Shows it to this one no more. After the last one nothing is left of it, here and at the server. */
  async leave(reader: LiveReader): Promise<void> {
    this.#readers.delete(reader)
    if (this.#readers.size === 0) await this.#close()
  }

  async #run(): Promise<void> {
    try {
      await this.#follow()
    } catch (error) {
      const readers = [...this.#readers]
      void this.#close()
      for (const reader of readers) reader.fail(error)
    }
  }

  async #follow(): Promise<never> {
    const steps = this.#steps()
    const { call, entity } = this.#question
    const plan = changePlan(call, await steps.meta(entity))
    let follower = plan && new ChangeFollower(this.#question, plan, steps)
    for (;;) {
      try {
        if (!follower) await followReads(this.#question, steps)
        else if ((await follower.round()) === 'unable') follower = undefined
      } catch (error) {
        await this.#afterFailure(error)
      } finally {
        void this.#closeFeeds()
      }
    }
  }

  /** Waits a while after what passes; throws what does not. */
  async #afterFailure(error: unknown): Promise<void> {
    this.#stop.signal.throwIfAborted()
    if (this.#rows === undefined || !passes(error, this.#client.isOnline())) throw error
    await wait(backoffMs(this.#failures++, BACKOFF), this.#stop.signal)
  }

  #steps(): LiveSteps {
    const { signal } = this.#stop
    const { timeoutMs } = this.#question.call
    const limits = { signal, timeoutMs }
    return {
      read: (call) => this.#read({ ...call, ...limits }),
      meta: (entity) => this.#client.meta(entity),
      subscribe: (entity, options) => {
        signal.throwIfAborted()
        const feed = this.#client.subscribe(entity, options)
        this.#feeds.push(feed)
        return feed
      },
      show: (rows) => this.#show(rows),
    }
  }

  async #read(call: LooseRead): Promise<Page<Record<string, unknown>>> {
    const restMs = this.#restUntil - performance.now()
    if (restMs > 0) await wait(restMs, this.#stop.signal)
    const start = performance.now()
    const page = await this.#client.read(this.#question.entity, call)
    const end = performance.now()
    this.#restUntil = end + Math.min(Math.max(end - start, REST.leastMs), REST.mostMs)
    this.#failures = 0
    return page
  }

  #show(next: readonly Row[]): void {
    const rows = this.#shared.share(this.#rows, next)
    if (rows === this.#rows) return
    this.#rows = rows
    // What comes at once, as of one transaction, is shown as one.
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      for (const reader of this.#readers) if (this.#rows) reader.show(this.#rows)
    }, 0)
  }

  async #close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new SpecError('closed', 'The live query was closed.'))
    clearTimeout(this.#telling)
    this.#ended()
    await this.#closeFeeds()
  }

  async #closeFeeds(): Promise<void> {
    const feeds = this.#feeds
    this.#feeds = []
    await Promise.all(feeds.map((feed) => feed.close()))
  }
}

const PASSING = new Set(['timeout', 'unavailable', 'rate_limited', 'overloaded', 'overflow'])

/** Does it pass by itself? Also what a broker says that refuses the connection for now. */
const passes = (error: unknown, isOnline: boolean): boolean =>
  isSpecError(error) && (PASSING.has(error.code) || (!isOnline && error.code !== 'closed'))
