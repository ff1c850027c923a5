import { encodeAcknowledgement, PACKET } from './packet.ts'

/** How much all sessions together may hold for clients that are away or do not acknowledge. */
export interface HeldBytes {
  bytes: number
  readonly maxBytes: number
}

/** A PUBLISH that waits for its acknowledgement; after PUBREC only its id is left, and PUBREL is sent instead. */
type Unacknowledged = Buffer | 'released' | 'sent'

const DUP = 0x08
const LAST_PACKET_ID = 65_535

/**
 * The messages at QoS 1 and 2 that one session has not been acknowledged yet, under their packet ids.
 *
 *     add ──► PUBACK                  ──► gone         QoS 1
 *     add ──► PUBREC ──► PUBCOMP      ──► gone         QoS 2
 *     connection lost ──► resend: PUBLISH with DUP, or PUBREL, in the order of old    [MQTT-4.4.0-1]
 *
 * A session that ends with its connection keeps ids only, since it never sends anything again.
 */
export class Outbox {
  readonly #waiting = new Map<number, Unacknowledged>()
  readonly #keepsFrames: boolean
  readonly #held: HeldBytes
  #lastPacketId = 0
  #bytes = 0

  constructor(keepsFrames: boolean, held: HeldBytes) {
    this.#keepsFrames = keepsFrames
    this.#held = held
  }

  /** Messages that were not acknowledged. */
  get size(): number {
    return this.#waiting.size
  }

  /** Bytes kept for sending again. */
  get bytes(): number {
    return this.#bytes
  }

  /** Is there room for so much, within what one session and all of them may hold? */
  hasRoom(maxMessages: number, maxBytes: number): boolean {
    return this.size < maxMessages && this.#bytes < maxBytes && this.#held.bytes < this.#held.maxBytes
  }

  /** Gives a message a packet id that is not in use, and keeps what `encode` made of it. */
  add(encode: (packetId: number) => Buffer): Buffer {
    do this.#lastPacketId = this.#lastPacketId === LAST_PACKET_ID ? 1 : this.#lastPacketId + 1
    while (this.#waiting.has(this.#lastPacketId))
    const frame = encode(this.#lastPacketId)
    this.#waiting.set(this.#lastPacketId, this.#keepsFrames ? frame : 'sent')
    if (this.#keepsFrames) this.#count(frame.length)
    return frame
  }

  /** PUBACK or PUBCOMP came: the message is done with. An unknown id is nothing. */
  acknowledged(packetId: number): void {
    const waiting = this.#waiting.get(packetId)
    if (typeof waiting === 'object') this.#count(-waiting.length)
    this.#waiting.delete(packetId)
  }

  /** PUBREC came: the client has the message. PUBREL is the answer, also for an unknown id. */
  received(packetId: number): Buffer {
    const waiting = this.#waiting.get(packetId)
    if (waiting !== undefined) {
      if (typeof waiting === 'object') this.#count(-waiting.length)
      this.#waiting.set(packetId, 'released')
    }
    return encodeAcknowledgement(PACKET.PUBREL, packetId)
  }

  /** The connection is gone: what may have arrived already is marked as sent before. [MQTT-3.3.1-1] */
  connectionLost(): void {
    for (const waiting of this.#waiting.values()) {
      if (typeof waiting === 'object') waiting[0] = (waiting[0] ?? 0) | DUP
    }
  }

  /** Everything that has to be sent on a new connection, oldest first. */
  *unacknowledged(): Iterable<Buffer> {
    for (const [packetId, waiting] of this.#waiting) {
      if (typeof waiting === 'object') yield waiting
      else if (waiting === 'released') yield encodeAcknowledgement(PACKET.PUBREL, packetId)
    }
  }

  /** Forgets the messages of which `isUnwanted` says so: they are not sent again. */
  drop(isUnwanted: (frame: Buffer) => boolean): void {
    for (const [packetId, waiting] of this.#waiting) {
      if (typeof waiting === 'object' && isUnwanted(waiting)) this.forget(packetId)
    }
  }

  /** Forgets one message that its client will never acknowledge. */
  forget(packetId: number): void {
    const waiting = this.#waiting.get(packetId)
    if (typeof waiting === 'object') this.#count(-waiting.length)
    this.#waiting.delete(packetId)
  }

  /** Forgets everything. */
  clear(): void {
    this.#waiting.clear()
    this.#count(-this.#bytes)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#held.bytes += bytes
  }
}
