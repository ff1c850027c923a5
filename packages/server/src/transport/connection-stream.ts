import { Duplex } from 'node:stream'

/** What the stream writes to, and ends. */
export interface StreamOwner {
  send(bytes: Buffer): void
  end(reason: string): void
}

/** A connection as aedes sees it: a stream of the packets that are for aedes, and of its answers. */
export class ConnectionStream extends Duplex {
  readonly #owner: StreamOwner

  constructor(owner: StreamOwner) {
    super()
    this.#owner = owner
  }

  /** Writes join those of the connection's turn; corking would only take them out of their order. */
  override cork(): void {}

  override uncork(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#owner.send(chunk)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#owner.end(error?.message ?? 'refused')
    done()
  }
}
