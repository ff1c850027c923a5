import type { ResetReason } from '@mqttspec/protocol'
import type { Subscription } from '../../session/subscription.ts'
import type { Payload, Transport } from '../../transport/transport.ts'
import type { Place } from '../change.ts'
import { isAfter, type Position } from '../source/position.ts'
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

interface State {
  seq: number
  readonly until: Set<Until>
  waiting: Waiting[]
  lost: boolean
  readonly listening: Promise<void>
  timer: NodeJS.Timeout
}

/** Numbers each subscription's notifications and sends them, none before the subscription's own reply. */
export class Notifier {
  readonly #transport: Transport
  readonly #states = new Map<Subscription, State>()
  readonly #heard = new Map<Subscription, () => void>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Begins a subscription: what comes waits until it is known from where on, was answered, and its client listens. */
  begin(subscription: Subscription): void {
    const timer = setTimeout(() => this.#passed(subscription, 'listening'), HOLD_MS)
    timer.unref()
    const listening = new Promise<void>((resolve) => this.#heard.set(subscription, resolve))
    const until = new Set<Until>(['begun', 'answered', 'listening'])
    this.#states.set(subscription, { seq: 0, until, waiting: [], lost: false, listening, timer })
  }

  /** From this place on the subscription is told of changes; what waits and is not after it is dropped. */
  begun(subscription: Subscription, from: Position | undefined): void {
    const state = this.#states.get(subscription)
    if (!state) return
    subscription.from = from
    state.waiting = state.waiting.filter(({ place }) => !from || !place || isAfter(from, place))
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
    if (this.#states.get(subscription)?.until.has('listening') && this.#transport.isListening(clientId, id)) {
      this.#passed(subscription, 'listening')
    }
  }

  /** Resolves when the client listens, or long enough was waited for it. */
  async whenListening(subscription: Subscription): Promise<void> {
    await this.#states.get(subscription)?.listening
  }

  /** Sends what `encode` makes of the subscription's next number, when its time has come. */
  send(subscription: Subscription, encode: (seq: number) => Payload, place?: Place): void {
    const state = this.#states.get(subscription)
    if (!state) return
    if (state.until.size === 0) void this.#sendNow(subscription, state, encode, placed(subscription, place))
    else if (state.waiting.length < MAX_WAITING) state.waiting.push({ encode, place })
    else state.lost = true
  }

  /** Sends ahead of what waits: the history and the rows with which a subscription begins. Resolves when it may go on. */
  async sendFirst(
    subscription: Subscription,
    encode: (seq: number) => Payload,
    acknowledged?: (() => void) | undefined,
  ): Promise<void> {
    const state = this.#states.get(subscription)
    if (state) await this.#sendNow(subscription, state, encode, acknowledged)
  }

  /**
   * Tells a subscription that its set is to be read anew, if what is the reason comes after its beginning. What it was to
   * be told by rights that it has no more, it is not told.
   */
  reset(subscription: Subscription, reason: ResetReason, place?: Place): void {
    const state = this.#states.get(subscription)
    if (state && reason === 'rights') state.waiting = []
    if (subscription.from && place && !isAfter(subscription.from, place)) return
    subscription.durable?.lost()
    this.send(subscription, (seq) => encodeReset(subscription, reason, seq), place)
  }

  /**
   * A subscription is another one from now on, under the same id and with the same count. One that had not begun has no
   * other beginning than the reset that tells it so.
   */
  replace(before: Subscription, after: Subscription): void {
    const state = this.#states.get(before)
    if (!state) return
    this.#states.delete(before)
    this.#states.set(after, state)
    const heard = this.#heard.get(before)
    if (heard) this.#heard.set(after, heard)
    this.#heard.delete(before)
    clearTimeout(state.timer)
    state.timer = setTimeout(() => this.#passed(after, 'listening'), HOLD_MS)
    state.timer.unref()
    this.#passed(after, 'begun')
  }

  /** Ends a subscription: nothing is sent after this. */
  end(subscription: Subscription): void {
    clearTimeout(this.#states.get(subscription)?.timer)
    this.#states.delete(subscription)
    this.#heard.get(subscription)?.()
    this.#heard.delete(subscription)
  }

  /** Ends every subscription. */
  stop(): void {
    for (const subscription of [...this.#states.keys()]) this.end(subscription)
  }

  #passed(subscription: Subscription, until: Until): void {
    const state = this.#states.get(subscription)
    if (!state?.until.delete(until)) return
    if (until === 'listening') {
      clearTimeout(state.timer)
      this.#heard.get(subscription)?.()
    }
    if (state.until.size > 0) return
    const { waiting, lost } = state
    state.waiting = []
    state.lost = false
    if (lost) this.reset(subscription, 'slow')
    else {
      for (const { encode, place } of waiting)
        void this.#sendNow(subscription, state, encode, placed(subscription, place))
    }
  }

  #sendNow(
    { clientId, id }: Subscription,
    state: State,
    encode: (seq: number) => Payload,
    acknowledged: (() => void) | undefined,
  ): Promise<void> {
    state.seq++
    return this.#transport.notify(clientId, id, encode(state.seq), acknowledged)
  }
}

/** What the acknowledgement of a change means to a durable subscription: it has come to this place. */
export const placed = ({ durable }: Subscription, place: Place | undefined): (() => void) | undefined =>
  place && durable?.sent(place.at, place.pos)
