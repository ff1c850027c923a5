import { type Duplex, duplexPair } from 'node:stream'
import type { Link, LinkEvents } from './link.ts'

const END_TIMEOUT_MS = 1_000

/** Two ends of a stream in memory: a link for the broker, and what a client speaks to. When one is closed, both are. */
export function linkInMemory(): { readonly link: Link; readonly client: Duplex } {
  const [ours, client] = duplexPair({ allowHalfOpen: false })
  ours.once('close', () => client.destroy())
  client.once('close', () => ours.destroy())
  return { link: new DuplexLink(ours), client }
}

/** A link to a client in this process, with nobody's address and no certificate. */
class DuplexLink implements Link {
  readonly remoteAddress = undefined
  readonly certificate = undefined
  readonly #stream: Duplex
  #endTimer: NodeJS.Timeout | undefined

  constructor(stream: Duplex) {
    this.#stream = stream
  }

  get unsentBytes(): number {
    return this.#stream.writableLength
  }

  /** Nobody is told that it is frozen: who does not read here harms this very process, and no socket. */
  listen(events: LinkEvents): void {
    const stream = this.#stream
    stream.on('data', (chunk: Buffer) => events.data(chunk))
    stream.on('drain', () => events.drained())
    stream.on('end', () => this.end())
    stream.on('error', () => {}) // 'close' follows, and says all there is to say
    stream.on('close', () => {
      clearTimeout(this.#endTimer)
      events.closed()
    })
  }

  opened(): void {} // a guard reads it as it comes

  write(bytes: Buffer): boolean {
    return this.#stream.writable ? this.#stream.write(bytes) : true
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  end(): void {
    const stream = this.#stream
    if (stream.destroyed || this.#endTimer) return
    this.#endTimer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS)
    stream.resume() // what the client still sends is read by nobody
    stream.end(() => stream.destroy())
  }
}
