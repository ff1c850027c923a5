import { notifyTopic, responseTopic } from '@mqttspec/protocol'
import { type HeldBytes, Outbox } from './outbox.ts'
import { encodePublish, isPublish, packetIdOf, topicOf } from './packet.ts'
import type { Payload, Qos } from './transport.ts'

/** What a session needs of the connection it is on. */
export interface SessionConnection {
  /** Bytes that were sent and have not left this process. */
  readonly unsentBytes: number
  /** Frames that were sent and wait behind a full socket. */
  readonly unsentFrames: number
  send(frame: Buffer): void
  /** Takes back frames that have not left this process, and returns them. */
  takeBack(isUnwanted: (frame: Buffer) => boolean): readonly Buffer[]
  end(reason: string): void
}

/** From here on `reply` and `notify` resolve only when there is room again. */
const CROWDED = { messages: 500, bytes: 1024 * 1024 }
/** From here on notifications are dropped: what one client may have coming. The bytes are what counts. */
const FULL = { messages: 10_000, bytes: 8 * 1024 * 1024 }
/** The same while the client is away. */
const FULL_ABSENT = { messages: 1_000, bytes: 8 * 1024 * 1024 }
/** From here on the client is given up: it holds back more than all its requests together may cost. */
const HOPELESS = { messages: 60_000, bytes: 64 * 1024 * 1024 }

const DONE = Promise.resolve()

/**
 * One client's MQTT session: what it subscribed to, what it has not acknowledged, and the connection it is on, if any.
 * A clean one ends with its connection. One that is not collects what is sent at QoS 1 and 2 while the client is away.
 */
export class Session {
  readonly clientId: string
  readonly clean: boolean
  /** The granted QoS of each topic filter. */
  readonly filters = new Map<string, Qos>()
  /** Packet ids of QoS 2 messages that were handed on and not released yet: the same id again is the same message. */
  readonly incoming = new Set<number>()
  readonly #prefix: string
  readonly #responseTopic: string
  readonly #allNotifications: string
  readonly #outbox: Outbox
  /** Who wants to know that a message was acknowledged, by its packet id. */
  readonly #awaited = new Map<number, () => void>()
  readonly #overflowed: (clientId: string) => void
  #connection: SessionConnection | undefined
  #overflowing = false
  #waiting: (() => void)[] = []

  constructor(
    prefix: string,
    clientId: string,
    clean: boolean,
    held: HeldBytes,
    overflowed: (clientId: string) => void,
  ) {
    this.clientId = clientId
    this.clean = clean
    this.#prefix = prefix
    this.#responseTopic = responseTopic(prefix, clientId)
    this.#allNotifications = notifyTopic(prefix, clientId, '+')
    this.#outbox = new Outbox(!clean, held)
    this.#overflowed = overflowed
  }

  get connection(): SessionConnection | undefined {
    return this.#connection
  }

  /** Sends a reply at the lower of `qos` and what was granted. Resolves when there is room for more, or no need. */
  reply(payload: Payload, qos: Qos): Promise<void> {
    const granted = this.filters.get(this.#responseTopic)
    if (granted === undefined) return DONE
    const connection = this.#connection
    if (connection && this.#exceeds(HOPELESS)) connection.end('takes none of its replies')
    else if (connection || !this.#isFull()) this.#send(this.#responseTopic, payload, lower(granted, qos))
    return this.#room()
  }

  /** Sends a notification as `reply` does, and drops it, with all that follow, when the client is too far behind. */
  notify(subscriptionId: string, payload: Payload, qos: Qos, acknowledged?: () => void): Promise<void> {
    const topic = notifyTopic(this.#prefix, this.clientId, subscriptionId)
    const granted = this.#granted(topic)
    if (granted === undefined) return DONE
    if (this.#isFull()) this.#overflowing = true
    if (this.#overflowing) return DONE
    this.#send(topic, payload, lower(granted, qos), acknowledged)
    return this.#room()
  }

  /** Forgets the notifications that have not left this process, and sends none again. */
  dropNotifications(): void {
    const beginning = this.#allNotifications.slice(0, -1)
    const isNotification = (frame: Buffer) => isPublish(frame) && topicOf(frame).startsWith(beginning)
    for (const frame of this.#connection?.takeBack(isNotification) ?? []) this.#outbox.forget(packetIdOf(frame))
    this.#outbox.drop(isNotification)
    this.relieved()
  }

  /** Does a notification of this subscription reach a filter of the client? */
  isListening(subscriptionId: string): boolean {
    return this.#granted(notifyTopic(this.#prefix, this.clientId, subscriptionId)) !== undefined
  }

  /** The client is there: what it has not acknowledged is sent again, and what follows goes to this connection. */
  attach(connection: SessionConnection): void {
    this.#connection = connection
    for (const frame of this.#outbox.unacknowledged()) connection.send(frame)
    this.relieved()
  }

  /** The connection is gone. */
  detach(): void {
    this.#connection = undefined
    this.#outbox.connectionLost()
    this.#resume()
  }

  /** The session is over: nothing is kept. */
  end(): void {
    this.#outbox.clear()
    this.#awaited.clear()
    this.filters.clear()
    this.incoming.clear()
  }

  /** PUBACK or PUBCOMP came. */
  acknowledged(packetId: number): void {
    this.#outbox.acknowledged(packetId)
    const awaited = this.#awaited.get(packetId)
    this.#awaited.delete(packetId)
    awaited?.()
    this.relieved()
  }

  /** PUBREC came. Returns the PUBREL to send. */
  received(packetId: number): Buffer {
    return this.#outbox.received(packetId)
  }

  /** Something was acknowledged or sent: who waits for room may have it now. */
  relieved(): void {
    if (this.#waiting.length > 0 && !this.#exceeds(CROWDED)) this.#resume()
    if (!this.#overflowing || !this.#connection || this.#exceeds(CROWDED)) return
    this.#overflowing = false
    this.#overflowed(this.clientId)
  }

  #send(topic: string, payload: Payload, qos: Qos, acknowledged?: () => void): void {
    if (qos === 0) this.#connection?.send(encodePublish(topic, payload, 0, 0))
    else if (this.#connection || !this.clean) {
      const frame = this.#outbox.add((packetId) => {
        // Of a message that was taken back nobody hears under an id that is another one's now.
        if (acknowledged) this.#awaited.set(packetId, acknowledged)
        else this.#awaited.delete(packetId)
        return encodePublish(topic, payload, qos, packetId)
      })
      this.#connection?.send(frame)
    }
  }

  #granted(topic: string): Qos | undefined {
    const one = this.filters.get(topic)
    const all = this.filters.get(this.#allNotifications)
    if (one === undefined) return all
    return all === undefined || one > all ? one : all // overlapping filters: once, at the highest [MQTT-3.3.5-1]
  }

  #isFull(): boolean {
    return this.#exceeds(this.#connection ? FULL : FULL_ABSENT)
  }

  #exceeds(bounds: { messages: number; bytes: number }): boolean {
    const connection = this.#connection
    if (connection && (connection.unsentBytes >= bounds.bytes || connection.unsentFrames >= bounds.messages))
      return true
    return !this.#outbox.hasRoom(bounds.messages, bounds.bytes)
  }

  #room(): Promise<void> {
    if (!this.#connection || !this.#exceeds(CROWDED)) return DONE
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #resume(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

const lower = (granted: Qos, configured: Qos): Qos => (granted < configured ? granted : configured)
