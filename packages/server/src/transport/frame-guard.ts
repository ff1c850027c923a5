import { PACKET } from './packet.ts'

/** A PUBLISH that was too large to keep: what is needed to acknowledge it and to say so. */
export interface OversizedPublish {
  readonly qos: number
  readonly topic: Buffer
  /** 0 at QoS 0. */
  readonly packetId: number
}

/** Who takes what the guard let through. Any of them may call `hold` or `close` on the guard. */
export interface FrameSink {
  /** One whole control packet, its fixed header included; its body begins at `bodyStart`. */
  frame(frame: Buffer, bodyStart: number): void
  oversized(publish: OversizedPublish): void
  /** The bytes cannot be MQTT, or are more than is allowed: the connection must be closed. Nothing follows. */
  broken(reason: string): void
}

/** What a connection may send: larger frames are not kept, still larger ones are a reason to close. */
export interface FrameBounds {
  /** The first frame of a connection, which is its CONNECT. */
  readonly maxFirstBytes: number
  /** A frame's body that is kept. */
  readonly maxBodyBytes: number
  /** A PUBLISH's body that is read past, acknowledged and reported. */
  readonly maxSkippedBytes: number
}

/**
 * Cuts a connection's bytes into control packets, in front of everything that parses, and never holds more than the
 * bounds say: neither of what a header announces nor of what trickles in.
 *
 *     header ──► whole frame in this chunk ──────────────► frame        (no copy)
 *       │   └──► part of it: gathered as it arrives ─────► frame
 *       ├──► PUBLISH over maxBodyBytes: topic and id kept, the rest dropped ──► oversized
 *       └──► over maxFirstBytes, maxBodyBytes or maxSkippedBytes; malformed ──► broken
 */
export class FrameGuard {
  readonly #sink: FrameSink
  readonly #bounds: FrameBounds
  /** Bytes of a frame that has not arrived whole: capacity grows with what came, not with what was announced. */
  #part: Buffer = EMPTY
  #partBytes = 0
  #headerBytes = 0
  #bodyBytes = -1
  /** Bytes still to be read past. */
  #skipBytes = 0
  #first = true
  #held = false
  #closed = false
  #waiting: Buffer[] = []

  constructor(bounds: FrameBounds, sink: FrameSink) {
    this.#bounds = bounds
    this.#sink = sink
  }

  /** Takes what arrived. While held, it is kept unread: the caller stops the socket. */
  push(chunk: Buffer): void {
    if (this.#held) this.#waiting.push(chunk)
    else this.#read(chunk)
  }

  /** Keeps what follows until `release`: what comes after this frame must not overtake it. */
  hold(): void {
    this.#held = true
  }

  /** Is something kept back, or about to be? */
  get isHeld(): boolean {
    return this.#held
  }

  /** Goes on with what was kept. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const chunk of waiting) this.push(chunk)
  }

  /** Drops everything; nothing is called any more. */
  close(): void {
    this.#closed = true
    this.#part = EMPTY
    this.#waiting = []
  }

  #read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length && !this.#closed) {
      if (this.#held) {
        this.#waiting.push(chunk.subarray(at))
        return
      }
      at = this.#step(chunk, at)
    }
  }

  /** Reads one frame, or what there is of it; returns where the next begins. */
  #step(chunk: Buffer, at: number): number {
    if (this.#skipBytes > 0) return this.#skip(chunk, at)
    if (this.#partBytes > 0) return this.#gather(chunk, at)
    if (!this.#readHeader(chunk, at, chunk.length)) return this.#closed ? at : this.#keep(chunk, at, chunk.length)
    if (!this.#admit(chunk[at] ?? 0)) return chunk.length
    const end = at + this.#headerBytes + this.#bodyBytes
    if (this.#skipsBody() || end > chunk.length) return this.#keep(chunk, at, at + this.#headerBytes)
    this.#emit(chunk.subarray(at, end))
    return end
  }

  /** Adds to a frame that began in an earlier chunk. */
  #gather(chunk: Buffer, at: number): number {
    if (this.#bodyBytes < 0) {
      const next = this.#keep(chunk, at, at + 1)
      if (this.#readHeader(this.#part, 0, this.#partBytes) && this.#admit(this.#part[0] ?? 0) && this.#bodyBytes === 0)
        this.#emitPart()
      return next
    }
    const wanted = this.#skipsBody() ? this.#headBytes() : this.#headerBytes + this.#bodyBytes
    const next = this.#keep(chunk, at, Math.min(chunk.length, at + wanted - this.#partBytes))
    if (this.#partBytes < wanted) return next
    if (this.#skipsBody()) this.#endOfHead()
    else this.#emitPart()
    return next
  }

  /** Reads past the rest of a PUBLISH that is too large to keep. */
  #skip(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#skipBytes, chunk.length - at)
    this.#skipBytes -= taken
    if (this.#skipBytes === 0) this.#emitOversized()
    return at + taken
  }

  /** Reads type and length into `#headerBytes` and `#bodyBytes`; false when bytes are missing. [MQTT-2.2.3] */
  #readHeader(bytes: Buffer, start: number, end: number): boolean {
    let length = 0
    for (let index = 1; index <= 4; index += 1) {
      if (start + index >= end) return false
      const digit = bytes[start + index] ?? 0
      length += (digit & 0x7f) * 128 ** (index - 1)
      if (digit < 128) {
        this.#headerBytes = index + 1
        this.#bodyBytes = length
        return true
      }
    }
    this.#break('malformed length')
    return false
  }

  #admit(firstByte: number): boolean {
    const frameBytes = this.#headerBytes + this.#bodyBytes
    if (this.#first) {
      if (frameBytes > this.#bounds.maxFirstBytes) return this.#break(`first packet of ${frameBytes} bytes`)
    } else if (this.#bodyBytes > this.#bounds.maxBodyBytes) {
      const skippable = firstByte >> 4 === PACKET.PUBLISH && this.#bodyBytes <= this.#bounds.maxSkippedBytes
      if (!skippable) return this.#break(`packet of ${frameBytes} bytes`)
    }
    return true
  }

  #skipsBody(): boolean {
    return !this.#first && this.#bodyBytes > this.#bounds.maxBodyBytes
  }

  /** Bytes of an oversized PUBLISH up to its payload, as far as is known yet. */
  #headBytes(): number {
    const known = this.#headerBytes + 2
    return this.#partBytes < known ? known : known + this.#part.readUInt16BE(this.#headerBytes) + 2
  }

  #endOfHead(): void {
    const frameBytes = this.#headerBytes + this.#bodyBytes
    const headBytes = this.#headBytes()
    if (headBytes > frameBytes) this.#break('malformed PUBLISH')
    if (this.#closed || this.#partBytes < headBytes) return // only now is the topic's length known
    this.#skipBytes = frameBytes - this.#partBytes
    if (this.#skipBytes === 0) this.#emitOversized()
  }

  /** Copies a stretch of a chunk to the end of the part; returns where it ended. */
  #keep(chunk: Buffer, from: number, to: number): number {
    const bytes = this.#partBytes + to - from
    if (bytes > this.#part.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes, this.#part.length * 2, 64))
      this.#part.copy(larger, 0, 0, this.#partBytes)
      this.#part = larger
    }
    chunk.copy(this.#part, this.#partBytes, from, to)
    this.#partBytes = bytes
    return to
  }

  #emitPart(): void {
    const frame = this.#part.subarray(0, this.#partBytes)
    this.#part = EMPTY
    this.#emit(frame)
  }

  #emit(frame: Buffer): void {
    const bodyStart = this.#headerBytes
    this.#nextFrame()
    this.#sink.frame(frame, bodyStart)
  }

  #emitOversized(): void {
    const start = this.#headerBytes + 2
    const end = start + this.#part.readUInt16BE(this.#headerBytes)
    const qos = ((this.#part[0] ?? 0) >> 1) & 3
    const packetId = qos === 0 ? 0 : this.#part.readUInt16BE(end)
    const topic = this.#part.subarray(start, end)
    this.#part = EMPTY
    this.#nextFrame()
    this.#sink.oversized({ qos, topic, packetId })
  }

  #nextFrame(): void {
    this.#partBytes = 0
    this.#bodyBytes = -1
    this.#first = false
  }

  #break(reason: string): false {
    this.close()
    this.#sink.broken(reason)
    return false
  }
}

const EMPTY = Buffer.alloc(0)
