import type { ResetReason } from '@mqttspec/protocol'
import type { Subscription } from '../../session/subscription.ts'
import type { Payload, Transport } from '../../transport/transport.ts'
import { encodeReset } from './encode-notification.ts'

/** How long a new subscription's notifications wait for the client to subscribe to their topic. */
const HOLD_MS = 5_000

/** Notifications of one subscription that cannot be sent yet: its reply is not out, or nobody listens. */
interface Held {
  readonly payloads: Payload[]
  answered: boolean
  readonly timer: NodeJS.Timeout
}

/** Numbers each subscription's notifications and sends them, none before the subscription's own reply. */
export class Notifier {
  readonly #transport: Transport
  readonly #sent = new Map<Subscription, number>()
  readonly #held = new Map<Subscription, Held>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Begins a subscription: what comes is held until it was answered and its client listens. */
  begin(subscription: Subscription): void {
    this.#sent.set(subscription, 0)
    this.#hold(subscription, [], false)
  }

  #hold(subscription: Subscription, payloads: Payload[], answered: boolean): void {
    const timer = setTimeout(() => this.#release(subscription), HOLD_MS)
    timer.unref()
    this.#held.set(subscription, { payloads, answered, timer })
  }

  /** The subscription's reply is out. */
  answered(subscription: Subscription): void {
    const held = this.#held.get(subscription)
    if (!held) return
    held.answered = true
    this.listening(subscription)
  }

  /** The client may have begun to listen. */
  listening(subscription: Subscription): void {
    if (!this.#held.get(subscription)?.answered) return
    if (this.#transport.isListening(subscription.clientId, subscription.id)) this.#release(subscription)
  }

  /** Sends what `encode` makes of the subscription's next number. */
  send(subscription: Subscription, encode: (seq: number) => Payload): void {
    const sent = this.#sent.get(subscription)
    if (sent === undefined) return
    this.#sent.set(subscription, sent + 1)
    const payload = encode(sent + 1)
    const held = this.#held.get(subscription)
    if (held) held.payloads.push(payload)
    else void this.#transport.notify(subscription.clientId, subscription.id, payload)
  }

  /** Tells a subscription that its set is to be read anew. */
  reset(subscription: Subscription, reason: ResetReason): void {
    this.send(subscription, (seq) => encodeReset(subscription, reason, seq))
  }

  /** A subscription is another one from now on, under the same id and with the same count. */
  replace(before: Subscription, after: Subscription): void {
    const sent = this.#sent.get(before)
    if (sent === undefined) return
    this.#sent.delete(before)
    this.#sent.set(after, sent)
    const held = this.#held.get(before)
    if (!held) return
    clearTimeout(held.timer)
    this.#held.delete(before)
    this.#hold(after, held.payloads, held.answered)
  }

  /** Ends a subscription: nothing is sent after this. */
  end(subscription: Subscription): void {
    this.#sent.delete(subscription)
    clearTimeout(this.#held.get(subscription)?.timer)
    this.#held.delete(subscription)
  }

  /** Ends every subscription. */
  stop(): void {
    for (const subscription of [...this.#sent.keys()]) this.end(subscription)
  }

  #release(subscription: Subscription): void {
    const held = this.#held.get(subscription)
    if (!held) return
    clearTimeout(held.timer)
    this.#held.delete(subscription)
    for (const payload of held.payloads) {
      void this.#transport.notify(subscription.clientId, subscription.id, payload)
    }
  }
}
