import type { ResetReason } from '@mqttspec/protocol'
import type { Subscription } from '../../session/subscription.ts'
import type { Payload, Transport } from '../../transport/transport.ts'
import type { Place } from '../change.ts'
import { isAfter, type Position, positionAfter } from '../source/position.ts'
import { encodeReset } from './encode-notification.ts'

/** How long a new subscription's notifications wait for the client to subscribe to their topic. */
const HOLD_MS = 5_000
/** Notifications that wait for one subscription at most; with more it is told to read its set anew. */
const MAX_WAITING = 10_000

/** What a subscription's notifications may have to wait for: its beginning in the stream, its reply, its client. */
type Until = 'begun' | 'answered' | 'listening'

interface Waiting {
  readonly encode: (seq: number) => Payload
  readonly place: Place | undefined
}

/** What has not passed yet, and what waits for it. */
interface Hold {
  readonly until: Set<Until>
  waiting: Waiting[]
  lost: boolean
  readonly listening: Promise<void>
  readonly heard: () => void
  timer: NodeJS.Timeout
}

/** Numbers each subscription's notifications and sends them, none before the subscription's own reply. */
export class Notifier {
  readonly #transport: Transport
  /** Of those that have to wait. Subscriptions are many, and most of the time only there. */
  readonly #holds = new Map<Subscription, Hold>()
  #isStopped = false

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Begins a subscription: what comes waits until it is known from where on, was answered, and its client listens. */
  begin(subscription: Subscription): void {
    let heard = (): void => {}
    const listening = new Promise<void>((resolve) => {
      heard = resolve
    })
    const until = new Set<Until>(['begun', 'answered', 'listening'])
    const timer = this.#timer(subscription)
    this.#holds.set(subscription, { until, waiting: [], lost: false, listening, heard, timer })
    subscription.seq = 0
  }

  /** From this place on the subscription is told of changes; what waits and is not after it is dropped. */
  begun(subscription: Subscription, from: Position | undefined): void {
    if (subscription.seq === undefined) return
    subscription.from = from
    const hold = this.#holds.get(subscription)
    if (hold) hold.waiting = hold.waiting.filter(({ place }) => !from || !place || isAfter(from, place))
    this.#passed(subscription, 'begun')
  }

  /** The subscription's reply is out. */
  answered(subscription: Subscription): void {
    this.#passed(subscription, 'answered')
    this.listening(subscription)
  }

  /** The client may have begun to listen. */
  listening(subscription: Subscription): void {
    const { clientId, id } = subscription
    if (this.#holds.get(subscription)?.until.has('listening') && this.#transport.isListening(clientId, id)) {
      this.#passed(subscription, 'listening')
    }
  }

  /** Resolves when the client listens, or long enough was waited for it. */
  async whenListening(subscription: Subscription): Promise<void> {
    await this.#holds.get(subscription)?.listening
  }

  /** Is the subscription still there, as it was decided? */
  has(subscription: Subscription): boolean {
    return subscription.seq !== undefined
  }

  /** Sends what `encode` makes of the subscription's next number, when its time has come. */
  send(subscription: Subscription, encode: (seq: number) => Payload, place?: Place): void {
    if (subscription.seq === undefined) return
    const hold = this.#holds.get(subscription)
    if (!hold) void this.#sendNow(subscription, encode, placed(subscription, place))
    else if (hold.waiting.length < MAX_WAITING) hold.waiting.push({ encode, place })
    else hold.lost = true
  }

  /** Sends ahead of what waits: the history and the rows with which a subscription begins. Resolves when it may go on. */
  async sendFirst(
    subscription: Subscription,
    encode: (seq: number) => Payload,
    acknowledged?: (() => void) | undefined,
  ): Promise<void> {
    await this.#sendNow(subscription, encode, acknowledged)
  }

  /**
   * Tells a subscription that its set is to be read anew, if what is the reason comes after its beginning. What it was to
   * be told by rights that it has no more, it is not told.
   */
  reset(subscription: Subscription, reason: ResetReason, place?: Place): void {
    const hold = this.#holds.get(subscription)
    if (hold && reason === 'rights') hold.waiting = []
    if (subscription.from && place && !isAfter(subscription.from, place)) return
    subscription.durable?.lost()
    this.send(subscription, (seq) => encodeReset(subscription, reason, seq), place)
  }

  /**
   * A subscription is another one from now on, under the same id and with the same count. One that had not begun has no
   * other beginning than the reset that tells it so.
   */
  replace(before: Subscription, after: Subscription): void {
    if (before.seq === undefined) return
    after.seq = before.seq
    before.seq = undefined
    const hold = this.#holds.get(before)
    if (!hold) return
    this.#holds.delete(before)
    this.#holds.set(after, hold)
    clearTimeout(hold.timer)
    hold.timer = this.#timer(after)
    this.#passed(after, 'begun')
  }

  /** Ends a subscription: nothing is sent after this. */
  end(subscription: Subscription): void {
    subscription.seq = undefined
    const hold = this.#holds.get(subscription)
    this.#holds.delete(subscription)
    clearTimeout(hold?.timer)
    hold?.heard()
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isStopped = true
    for (const subscription of [...this.#holds.keys()]) this.end(subscription)
  }

  /** A client that has not subscribed in time is not waited for. */
  #timer(subscription: Subscription): NodeJS.Timeout {
    return setTimeout(() => this.#passed(subscription, 'listening'), HOLD_MS).unref()
  }

  #passed(subscription: Subscription, until: Until): void {
    const hold = this.#holds.get(subscription)
    if (!hold?.until.delete(until)) return
    if (until === 'listening') {
      clearTimeout(hold.timer)
      hold.heard()
    }
    if (hold.until.size > 0) return
    this.#holds.delete(subscription)
    if (hold.lost) this.reset(subscription, 'slow')
    else {
      for (const { encode, place } of hold.waiting)
        void this.#sendNow(subscription, encode, placed(subscription, place))
    }
  }

  #sendNow(
    subscription: Subscription,
    encode: (seq: number) => Payload,
    acknowledged: (() => void) | undefined,
  ): Promise<void> {
    const { clientId, id, seq } = subscription
    if (seq === undefined || this.#isStopped) return Promise.resolve()
    subscription.seq = seq + 1
    return this.#transport.notify(clientId, id, encode(seq + 1), acknowledged)
  }
}

/** What the acknowledgement of a change means to a durable subscription: it has come to this place. */
export const placed = ({ durable, from }: Subscription, place: Place | undefined): (() => void) | undefined =>
  place && durable?.sent(positionAfter(from, place), place.pos)
