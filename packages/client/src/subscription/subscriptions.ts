import { isSpecError, type Notification } from '@mqttspec/protocol'
import type { AskOptions, Message } from '../request/ask.ts'
import type { Reply } from '../request/reply.ts'
import type { SubscriptionEvent } from './event.ts'
import { Feed, type FeedRequest } from './feed.ts'
import type { Subscription } from './subscription.ts'

/** What the subscriptions need of the client. */
export interface SubscriptionSteps {
  ask(message: Message, options: AskOptions): Promise<Reply>
  isOnline(): boolean
  readonly maxBufferedEvents: number
  readonly timeoutMs: number
}

type Reason = 'history' | 'gap' | undefined

/** What the server says of a subscription that it agreed to. */
interface Agreement {
  readonly subscription_id: string
  /** Where in its change stream it begins, if it keeps one. */
  readonly at?: string
}

/**
 * Every subscription of a client: asked for, told apart by the server's id, asked for anew after a loss.
 *
 * A `reset` is told only once the server has agreed again, so that who reads anew on it misses nothing.
 */
export class Subscriptions {
  readonly #steps: SubscriptionSteps
  readonly #feeds = new Set<Feed>()
  readonly #live = new Map<string, Feed>()
  /** Ids that are being ended at the server, whose notifications mean nothing any more. */
  readonly #ending = new Set<string>()
  /** Notifications that came before the reply that names their subscription. */
  #early: Notification[] = []
  #asking = 0

  constructor(steps: SubscriptionSteps) {
    this.#steps = steps
  }

  /** Opens one. It is returned at once; its `ready` and its iterator tell what becomes of it. */
  open(request: FeedRequest, signal?: AbortSignal): Subscription<SubscriptionEvent> {
    const feed = new Feed(request, this.#steps.maxBufferedEvents, { ended: (over) => this.#ended(over) }, signal)
    if (feed.phase === 'over') return feed
    this.#feeds.add(feed)
    void this.#ask(feed, undefined)
    return feed
  }

  /** Takes a notification to the subscription that it is for. */
  notified(notification: Notification): void {
    const id = notification.subscription_id
    const feed = this.#live.get(id)
    if (feed) {
      if (!feed.take(notification)) this.#gap(feed)
    } else if (this.#ending.has(id)) return
    else if (this.#asking > 0) {
      // What does not fit shows as a gap in its sequence.
      if (this.#early.length < this.#steps.maxBufferedEvents) this.#early.push(notification)
    } else void this.#endAtServer(id)
  }

  /**
   * The link before this one is gone, and with it what it had subscribed to. What was asked on it is given up too: the
   * answer may still come, and name a subscription that has ended with that link.
   */
  abandon(): void {
    this.#live.clear()
    this.#ending.clear()
    for (const feed of this.#feeds) feed.abandon()
  }

  /** The server may have forgotten all of them, on the link that is there: ends those that it has, and asks anew. */
  renew(): void {
    const ids = [...this.#live.keys()]
    this.abandon()
    for (const id of ids) void this.#endAtServer(id)
    this.online()
  }

  /** A new link listens: asks for all of them. */
  online(): void {
    for (const feed of this.#feeds) void this.#ask(feed, feed.hasBegun ? 'history' : undefined)
  }

  /** Ends all of them, as their readers see it. */
  closeAll(): void {
    for (const feed of this.#feeds) void feed.close()
  }

  // Where the reader's place in the stream is known, the server goes on from there, and no reset is told.
  async #ask(feed: Feed, reason: Reason): Promise<void> {
    const signal = feed.asking()
    this.#asking++
    try {
      const { entity } = feed.request
      const options =
        reason && feed.at ? { ...feed.request.options, snapshot: undefined, since: feed.at } : feed.request.options
      const message: Message = { type: 'subscription', operation: 'subscribe', entity, options }
      const reply = await this.#steps.ask(message, { signal, timeoutMs: feed.timeLeftMs })
      if (!signal.aborted) this.#agreed(feed, reply.data as Agreement, reason)
    } catch (error) {
      if (signal.aborted) return
      if (reason && feed.at && isOfPlace(error)) {
        feed.at = undefined
        void this.#ask(feed, reason)
      } else this.#refused(feed, error, reason)
    } finally {
      if (--this.#asking === 0) this.#early = []
    }
  }

  #agreed(feed: Feed, { subscription_id: id, at }: Agreement, reason: Reason): void {
    if (isOver(feed)) return void this.#endAtServer(id)
    this.#live.set(id, feed)
    feed.agreed(id, reason, at)
    const early = this.#early
    this.#early = early.filter((notification) => notification.subscription_id !== id)
    for (const notification of early) if (notification.subscription_id === id) this.notified(notification)
  }

  #refused(feed: Feed, error: unknown, reason: Reason): void {
    if (isOver(feed)) return
    // The broker refuses the connection for now: it was agreed once, and is asked for when there is a connection.
    if (reason && !this.#steps.isOnline()) feed.phase = 'lost'
    else feed.fail(error)
  }

  #gap(feed: Feed): void {
    if (feed.id !== undefined) {
      this.#live.delete(feed.id)
      void this.#endAtServer(feed.id)
    }
    void this.#ask(feed, 'gap')
  }

  async #ended(feed: Feed): Promise<void> {
    this.#feeds.delete(feed)
    if (feed.id === undefined || !this.#live.delete(feed.id)) return
    await this.#endAtServer(feed.id)
  }

  async #endAtServer(id: string): Promise<void> {
    this.#ending.add(id)
    // Without a connection there is no session, and in it no subscription.
    if (!this.#steps.isOnline()) return
    try {
      const message: Message = { type: 'subscription', operation: 'unsubscribe', subscription_id: id }
      await this.#steps.ask(message, { timeoutMs: this.#steps.timeoutMs })
    } catch (error) {
      // It is over here whatever the server says: gone already, or no answer.
      if (!isSpecError(error)) throw error
    } finally {
      this.#ending.delete(id)
    }
  }
}

// Not `feed.phase === 'over'`: across an await the compiler remembers what it was.
const isOver = (feed: Feed): boolean => feed.phase === 'over'

/** The server does not take the place, as one would that keeps no history any more: then the set is read anew. */
const isOfPlace = (error: unknown): boolean =>
  isSpecError(error) && (error.code === 'cursor_error' || error.details?.path?.[1] === 'since')
