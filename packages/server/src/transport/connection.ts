import type { ClientCertificate } from '../client-certificate.ts'
import { ConnectionStream } from './connection-stream.ts'
import { type FrameBounds, FrameGuard, type OversizedPublish } from './frame-guard.ts'
import { FrameWriter } from './frame-writer.ts'
import type { Link } from './link.ts'
import { malformed } from './malformed.ts'
import { type ExchangeContext, MessageExchange } from './message-exchange.ts'
import { PACKET, PINGRESP } from './packet.ts'
import type { Session, SessionConnection } from './session.ts'
import { SilenceTimer } from './silence-timer.ts'
import type { Admitted, InProcess } from './transport.ts'
import type { TurnQueue } from './turn-queue.ts'

/** What all connections of a broker share. */
export interface ConnectionContext extends ExchangeContext {
  readonly bounds: FrameBounds
  /** From accepting the socket until CONNECT is there. */
  readonly connectTimeoutMs: number
  /** From CONNECT until the client is connected. */
  readonly admissionTimeoutMs: number
  readonly turn: TurnQueue
  ended(connection: Connection, reason: string): void
}

/** The reasons for an end that nobody needs to hear of. */
export const DISCONNECTED = 'disconnected'
export const CLOSED_BY_CLIENT = 'closed by the client'

/** Messages of one connection that are dealt with before all others have had their turn. */
const MESSAGES_A_TURN = 32
/** What another packet, such as an acknowledgement, counts of a message: it is little work. */
const OTHER_PACKET = 1 / 16

/** The shortest SUBSCRIBE and UNSUBSCRIBE: an id and one filter of one character. */
const MIN_SUBSCRIBE_BODY = 5

/**
 * One client's connection. Messages, their acknowledgements and pings are dealt with here; what is about the session
 * goes to aedes over `stream`, and whatever follows such a packet waits until aedes has answered it: a request must
 * not overtake the subscription to its reply.
 *
 *     opening ── CONNECT ──► admitting ── open() ──► open ──► ended
 *        └───────────────────────┴── anything else, or too late ──┘
 */
export class Connection implements SessionConnection {
  /** What aedes reads from and writes to. */
  readonly stream: ConnectionStream
  readonly remoteAddress: string | undefined
  readonly certificate: ClientCertificate | undefined
  /** Who it is already, if it comes from this process. */
  readonly inProcess: InProcess | undefined
  /** The topic of the will that its CONNECT carried. */
  willTopic: string | undefined
  /** What the server said of it when it was asked. */
  admittedAs: Admitted | undefined
  /** Resolves when the client is connected, or the connection has ended before it was. */
  readonly whenSettled: Promise<void>
  /** Resolves when its socket is closed, which is at most a second after its end. */
  readonly whenClosed: Promise<void>
  readonly #context: ConnectionContext
  readonly #link: Link
  readonly #guard: FrameGuard
  readonly #writer: FrameWriter
  readonly #silence = new SilenceTimer(() => this.end('silent for longer than its keep-alive allows'))
  #openTimer: NodeJS.Timeout
  #settle = (): void => {}
  #messagesLeft = MESSAGES_A_TURN
  #nextTurn: NodeJS.Immediate | undefined
  #state: 'opening' | 'admitting' | 'open' | 'ended' = 'opening'
  #session: Session | undefined
  #exchange: MessageExchange | undefined

  constructor(link: Link, context: ConnectionContext, inProcess?: InProcess) {
    this.#context = context
    this.inProcess = inProcess
    this.#link = link
    this.remoteAddress = link.remoteAddress
    this.certificate = link.certificate
    this.stream = new ConnectionStream(this)
    this.#writer = new FrameWriter(link, context.turn, () => this.#session?.relieved())
    this.#guard = new FrameGuard(context.bounds, {
      frame: (frame, bodyStart) => this.#frame(frame, bodyStart),
      oversized: (publish) => this.#oversized(publish),
      broken: (reason) => this.end(reason),
    })
    this.#openTimer = setTimeout(() => this.end('sent no CONNECT in time'), context.connectTimeoutMs)
    this.whenSettled = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.whenClosed = new Promise((resolve) => this.#listen(resolve))
  }

  get session(): Session | undefined {
    return this.#session
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get hasEnded(): boolean {
    return this.#state === 'ended'
  }

  get unsentBytes(): number {
    return this.#writer.unsentBytes
  }

  get unsentFrames(): number {
    return this.#writer.unsentFrames
  }

  /** Resolves after so long, or as soon as the connection has ended. */
  async stays(ms: number): Promise<void> {
    if (ms === 0) return
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    })
    await Promise.race([over, this.whenSettled])
    clearTimeout(timer)
  }

  /** Ends the connection when it sends no packet for so long; 0 is never. [MQTT-3.1.2-24] */
  limitSilence(silenceMs: number): void {
    this.#silence.start(silenceMs)
  }

  /** The client may connect, and this is its session; aedes answers its CONNECT next. */
  admit(session: Session, requestTopic: string): void {
    this.#session = session
    this.#exchange = new MessageExchange(session, requestTopic, this, this.#context)
  }

  /** The client is connected: from now on it may send anything. */
  open(): void {
    if (this.#state !== 'admitting') return
    this.#state = 'open'
    clearTimeout(this.#openTimer)
    this.#settle()
  }

  /** aedes has answered what it was given: what waited behind it follows. */
  answered(): void {
    if (this.#state !== 'open') return
    this.#guard.release()
    if (!this.#guard.isHeld) this.#link.resume()
  }

  send(frame: Buffer): void {
    if (this.#state !== 'ended') this.#writer.send(frame)
  }

  takeBack(isUnwanted: (frame: Buffer) => boolean): readonly Buffer[] {
    return this.#writer.takeBack(isUnwanted)
  }

  /** Sends what is left, closes the connection and tells the broker, once. */
  end(reason: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    clearTimeout(this.#openTimer)
    clearImmediate(this.#nextTurn)
    this.#silence.stop()
    this.#guard.close()
    this.#writer.flush()
    this.#link.end()
    this.#context.ended(this, reason)
    this.stream.destroy()
    this.#settle()
  }

  #listen(closed: () => void): void {
    this.#link.listen({
      data: (chunk) => this.#guard.push(chunk),
      drained: () => this.#writer.drained(),
      frozen: () => this.end('does not read'),
      closed: () => {
        this.end(CLOSED_BY_CLIENT)
        closed()
      },
    })
  }

  #frame(frame: Buffer, bodyStart: number): void {
    const type = (frame[0] ?? 0) >> 4
    if (this.#state === 'open' && this.#exchange) {
      this.#packet(this.#exchange, type, frame, bodyStart)
      this.#takeTurns(type === PACKET.PUBLISH ? 1 : OTHER_PACKET)
    } else if (this.#state === 'opening' && type === PACKET.CONNECT) this.#connect(frame, bodyStart)
    else this.end('the first packet is not CONNECT, or not alone') // [MQTT-3.1.0-1]
  }

  #connect(frame: Buffer, bodyStart: number): void {
    const fault = malformed(frame, bodyStart)
    if (fault) {
      this.end(`malformed CONNECT: ${fault}`)
      return
    }
    this.#state = 'admitting'
    clearTimeout(this.#openTimer)
    this.#openTimer = setTimeout(() => this.end('not admitted in time'), this.#context.admissionTimeoutMs)
    this.#link.opened()
    this.#passOn(frame)
  }

  #packet(exchange: MessageExchange, type: number, frame: Buffer, bodyStart: number): void {
    this.#silence.heard()
    if (type === PACKET.PUBLISH) exchange.publish(frame, bodyStart)
    else if (type >= PACKET.PUBACK && type <= PACKET.PUBCOMP) exchange.acknowledgement(type, frame)
    else this.#other(type, frame, bodyStart)
  }

  #other(type: number, frame: Buffer, bodyStart: number): void {
    const fault = malformed(frame, bodyStart)
    if (fault) this.end(`malformed packet of type ${type}: ${fault}`)
    else if (type === PACKET.PINGREQ) this.send(PINGRESP)
    else if (type === PACKET.DISCONNECT) this.end(DISCONNECTED)
    else if (type !== PACKET.SUBSCRIBE && type !== PACKET.UNSUBSCRIBE) this.end(`unexpected packet of type ${type}`)
    else if (frame.length - bodyStart < MIN_SUBSCRIBE_BODY) this.end('malformed SUBSCRIBE')
    else this.#passOn(frame)
  }

  /** Of a client that sends without end, no more is read until the other sockets have been looked at. */
  #takeTurns(messages: number): void {
    this.#messagesLeft -= messages
    if (this.#messagesLeft > 0 || this.#guard.isHeld || this.#state !== 'open') return
    this.#guard.hold()
    this.#link.pause()
    this.#nextTurn = setImmediate(() => {
      this.#messagesLeft = MESSAGES_A_TURN
      this.answered()
    })
  }

  #oversized(publish: OversizedPublish): void {
    this.#silence.heard()
    this.#exchange?.oversized(publish)
  }

  /** Gives a packet to aedes, and keeps what follows. */
  #passOn(frame: Buffer): void {
    this.#guard.hold()
    this.#link.pause()
    this.stream.push(frame)
  }
}
