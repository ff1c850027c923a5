import type { Notification } from '@mqttspec/protocol'
import { SpecError } from '@mqttspec/protocol'
import { eventOf, resetEvent, type SubscriptionEvent } from './event.ts'
import { EventQueue } from './event-queue.ts'
import { Sequence } from './sequence.ts'
import type { Subscription } from './subscription.ts'

/** The options of a subscription; of these, how it begins matters here. */
export interface FeedOptions {
  readonly since?: string | undefined
  readonly snapshot?: boolean | undefined
  readonly durable?: string | undefined
  readonly [option: string]: unknown
}

/** What is asked of the server, each time anew. */
export interface FeedRequest {
  readonly entity: string
  readonly options: FeedOptions
  readonly timeoutMs: number
}

/** What a feed asks of the set that it is in. */
export interface FeedOwner {
  /** It is over here; end it at the server, and resolve when that is done. */
  ended(feed: Feed): Promise<void>
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** One subscription between the server and its reader: what it is, and what of it waits to be read. */
export class Feed implements Subscription<SubscriptionEvent> {
  readonly request: FeedRequest
  readonly ready: Promise<void>
  /** The server's name for it, while the server has one. */
  id: string | undefined
  /** asking: a subscribe is on its way; live: the server tells; lost: to be asked for once there is a connection. */
  phase: 'asking' | 'live' | 'lost' | 'over' = 'asking'
  readonly #owner: FeedOwner
  readonly #queue: EventQueue<SubscriptionEvent>
  readonly #signal: AbortSignal | undefined
  readonly #aborted = (): void => this.#abort()
  /** The place in the server's stream up to which the reader was told, where the server tells one. */
  at: string | undefined
  /** The server tells what was missed: its word that this is done means nothing to a reader that was there before. */
  #resuming = false
  /** The reader has asked for a beginning, and was not told yet that it is over. */
  #owesReady: boolean
  #sequence = new Sequence()
  #asked = new AbortController()
  #hasBegun = false
  readonly #deadline: number
  #agree: () => void = () => {}
  #refuse: (error: unknown) => void = () => {}

  constructor(request: FeedRequest, maxBufferedEvents: number, owner: FeedOwner, signal: AbortSignal | undefined) {
    this.request = request
    this.#owner = owner
    this.#queue = new EventQueue(maxBufferedEvents)
    this.#signal = signal
    const { since, snapshot, durable } = request.options
    this.#owesReady = since !== undefined || durable !== undefined || snapshot === true
    this.#deadline = performance.now() + request.timeoutMs
    this.ready = new Promise((resolve, reject) => {
      this.#agree = resolve
      this.#refuse = reject
    })
    // Who does not wait for it hears of the error from the iterator.
    this.ready.catch(() => {})
    if (signal?.aborted) this.#abort()
    else signal?.addEventListener('abort', this.#aborted, { once: true })
  }

  /** Has the server agreed to it once? */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** How long the server may take to agree: the first time as long as the call may; after that, as long as it takes. */
  get timeLeftMs(): number {
    return this.#hasBegun ? Number.POSITIVE_INFINITY : Math.max(1, this.#deadline - performance.now())
  }

  /** It is asked for now; the signal aborts when that is given up. */
  asking(): AbortSignal {
    this.abandon()
    this.#asked = new AbortController()
    this.phase = 'asking'
    return this.#asked.signal
  }

  /** What the server says to the last time that it was asked means nothing any more. */
  abandon(): void {
    this.id = undefined
    this.#asked.abort(new SpecError('closed', 'The connection on which this was asked is gone.'))
  }

  /** The server agreed, for the first time or again after `reason`; or it goes on from `at`, where the reader is. */
  agreed(id: string, reason: 'history' | 'gap' | undefined, at: string | undefined): void {
    this.id = id
    this.phase = 'live'
    this.#hasBegun = true
    this.#sequence = new Sequence()
    this.#resuming = reason !== undefined && this.at !== undefined
    const { since, durable } = this.request.options
    // A durable one is gone on with where it was left: nothing is missed.
    if (reason && !this.#resuming && durable === undefined) this.#push(resetEvent(reason))
    // The server may be further than its reader: until the beginning is told, it would have to be told again.
    if (!this.#resuming) this.at = this.#owesReady ? since : at
    this.#agree()
  }

  /** Takes a notification; false when some before it are missing. */
  take(notification: Notification): boolean {
    const place = this.#sequence.take(notification.seq)
    if (place === 'gap') return false
    const event = place === 'next' ? eventOf(notification) : undefined
    if (!event) return true
    if (event.at !== undefined) this.at = event.at
    const isResumed = event.type === 'ready' && this.#resuming && !this.#owesReady
    if (event.type === 'ready') this.#owesReady = false
    // After a reset the rows come anew, and the word that they are all there is for the reader.
    if (isResumed || event.type === 'reset') this.#resuming = false
    if (!isResumed) this.#push(event)
    return true
  }

  /** Ends it with an error, thrown once what waits has been read. */
  fail(error: unknown): void {
    if (this.phase === 'over') return
    this.#refuse(error)
    this.#queue.end({ error })
    void this.#finish()
  }

  async next(): Promise<IteratorResult<SubscriptionEvent, undefined>> {
    return this.#queue.next()
  }

  // A loop that breaks off does not wait for the server's word.
  async return(): Promise<IteratorResult<SubscriptionEvent, undefined>> {
    void this.close()
    return END
  }

  async close(): Promise<void> {
    this.#queue.clear()
    this.#queue.end()
    this.#refuse(new SpecError('closed', 'The subscription was closed.'))
    await this.#finish()
  }

  unsubscribe(): Promise<void> {
    return this.close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #push(event: SubscriptionEvent): void {
    if (this.#queue.push(event)) return
    this.fail(
      new SpecError('overflow', `The subscription to ${this.request.entity} was read too slowly; subscribe anew.`),
    )
  }

  #abort(): void {
    this.#queue.clear()
    this.fail(this.#signal?.reason)
  }

  async #finish(): Promise<void> {
    if (this.phase === 'over') return
    this.phase = 'over'
    this.#signal?.removeEventListener('abort', this.#aborted)
    await this.#owner.ended(this)
  }
}
