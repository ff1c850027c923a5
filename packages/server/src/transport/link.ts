import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { ClientCertificate } from '../client-certificate.ts'
import { certificateOf } from './certificate-of.ts'

/** What a link tells. `closed` comes once, last, however the link ended. */
export interface LinkEvents {
  data(chunk: Buffer): void
  /** There is room again after `write` returned false. */
  drained(): void
  /** Nothing of what was written left this process for the drain time-out. */
  frozen(): void
  closed(): void
}

/** A stream of bytes to one client, over TCP, TLS or a WebSocket. */
export interface Link {
  readonly remoteAddress: string | undefined
  readonly certificate: ClientCertificate | undefined
  /** Bytes that were written and are still in this process. */
  readonly unsentBytes: number
  listen(events: LinkEvents): void
  /** The client's first packet is there: from now on it may send as much as its server allows. */
  opened(): void
  /** Sends; false when the socket is full: `drained` follows, or `frozen`. */
  write(bytes: Buffer): boolean
  pause(): void
  resume(): void
  /** Closes once everything is sent, or at the latest after a second. */
  end(): void
}

const END_TIMEOUT_MS = 1_000
/** What a WebSocket may send before its first packet is there: that packet, and what one read takes in behind it. */
const MAX_UNOPENED_BYTES = 16 * 1024 + 64 * 1024

/** A link over a socket, as it is for TCP and TLS. */
class SocketLink implements Link {
  readonly remoteAddress: string | undefined
  readonly certificate: ClientCertificate | undefined
  protected readonly socket: Socket
  readonly #drainTimeoutMs: number
  #full = false
  #endTimer: NodeJS.Timeout | undefined

  constructor(socket: Socket, drainTimeoutMs: number) {
    this.socket = socket
    this.remoteAddress = socket.remoteAddress
    this.certificate = certificateOf(socket)
    this.#drainTimeoutMs = drainTimeoutMs
  }

  get unsentBytes(): number {
    return this.socket.writableLength
  }

  listen(events: LinkEvents): void {
    const { socket } = this
    socket.on('drain', () => {
      this.#full = false
      socket.setTimeout(0)
      events.drained()
    })
    // Node's time-out counts as activity that some of a large write left, not only that all of it did.
    socket.on('timeout', () => this.#full && events.frozen())
    socket.on('error', () => {}) // 'close' follows, and says all there is to say
    socket.on('close', () => {
      clearTimeout(this.#endTimer)
      events.closed()
    })
    this.receive(events)
  }

  opened(): void {} // a guard reads TCP as it comes, and needs no bound here

  write(bytes: Buffer): boolean {
    if (!this.socket.writable) return true // it is closing: `closed` follows
    this.send(bytes)
    if (!this.socket.writableNeedDrain) return true
    if (!this.#full) this.socket.setTimeout(this.#drainTimeoutMs)
    this.#full = true
    return false
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  end(): void {
    if (this.socket.destroyed || this.#endTimer) return
    this.#endTimer = setTimeout(() => this.socket.destroy(), END_TIMEOUT_MS)
    this.finish()
  }

  protected receive(events: LinkEvents): void {
    this.socket.on('data', (chunk: Buffer) => events.data(chunk))
    this.socket.on('end', () => this.end()) // a client that closes its half is gone [MQTT-3.14.4-1]
  }

  protected send(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  protected finish(): void {
    this.socket.destroySoon()
  }
}

/** The same over a WebSocket, whose messages ws puts together from what the socket brings. */
class WebSocketLink extends SocketLink {
  readonly #webSocket: WebSocket
  #unopenedBytes = 0

  constructor(webSocket: WebSocket, socket: Socket, drainTimeoutMs: number) {
    super(socket, drainTimeoutMs)
    this.#webSocket = webSocket
  }

  override opened(): void {
    this.socket.off('data', this.#count)
  }

  override pause(): void {
    this.#webSocket.pause()
  }

  override resume(): void {
    this.#webSocket.resume()
  }

  protected override receive(events: LinkEvents): void {
    this.#webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) events.data(data)
      else this.#webSocket.close(1003) // [MQTT-6.0.0-1]
    })
    this.#webSocket.on('error', () => {}) // a broken frame: ws closes the socket
    this.socket.on('data', this.#count)
  }

  protected override send(bytes: Buffer): void {
    this.#webSocket.send(bytes)
  }

  protected override finish(): void {
    this.#webSocket.resume() // a paused one would never read the other side's close
    this.#webSocket.close()
  }

  /** ws would gather a message of any allowed size before the guard sees a byte of it. */
  readonly #count = (chunk: Buffer): void => {
    this.#unopenedBytes += chunk.length
    if (this.#unopenedBytes > MAX_UNOPENED_BYTES) this.socket.destroy()
  }
}

/** A link over TCP or TLS. */
export function socketLink(socket: Socket, drainTimeoutMs: number): Link {
  socket.setNoDelay(true)
  return new SocketLink(socket, drainTimeoutMs)
}

/** A link over a WebSocket: one binary message for each write. `socket` is the one beneath it. */
export function webSocketLink(webSocket: WebSocket, socket: Socket, drainTimeoutMs: number): Link {
  socket.setNoDelay(true)
  return new WebSocketLink(webSocket, socket, drainTimeoutMs)
}
