import type { SpecError } from '@mqttspec/protocol'
import type { Reply } from './reply.ts'
import { type Outgoing, type SessionOwner, WaitingRequest } from './waiting-request.ts'

/**
 * Every request that has no answer yet: at most `maxInFlight` are on their way, the rest wait in the order of their
 * calls.
 */
export class WaitingRequests {
  readonly #send: (outgoing: Outgoing) => boolean
  readonly #session: SessionOwner
  readonly #maxInFlight: number
  readonly #inFlight = new Map<string, WaitingRequest>()
  readonly #queue = new Set<WaitingRequest>()

  /** `send` tells whether it could be sent. */
  constructor(send: (outgoing: Outgoing) => boolean, session: SessionOwner, maxInFlight: number) {
    this.#send = send
    this.#session = session
    this.#maxInFlight = maxInFlight
  }

  /** How many have no answer yet. */
  get size(): number {
    return this.#inFlight.size + this.#queue.size
  }

  /** Resolves with the reply; rejects with the server's error, `timeout`, the signal's reason, or what `failAll` says. */
  async add(outgoing: Outgoing): Promise<Reply> {
    outgoing.signal?.throwIfAborted()
    const request = new WaitingRequest(outgoing, {
      send: this.#send,
      session: this.#session,
      settled: (settled) => this.#remove(settled),
    })
    // All that is on its way may wait for it.
    if (outgoing.identifies) this.#begin(request)
    else this.#queue.add(request)
    this.#fill()
    return request.reply
  }

  /** Takes a reply. One that nobody waits for, such as the second to a message sent twice, is left aside. */
  answered(reply: Reply): void {
    this.#inFlight.get(reply.id)?.answered(reply)
  }

  /** Sends again what was on its way, each with the id that it had. To be called once a new connection listens. */
  sendAll(): void {
    for (const request of this.#inFlight.values()) request.send()
  }

  /** Sends what could not be sent until now. */
  sendHeld(): void {
    for (const request of this.#inFlight.values()) if (request.isHeld) request.send()
  }

  /** Gives up all of them. */
  failAll(code: SpecError['code'], what: string, cause?: unknown): void {
    for (const request of [...this.#queue, ...this.#inFlight.values()]) request.fail(code, what, cause)
  }

  #remove(request: WaitingRequest): void {
    this.#queue.delete(request)
    this.#inFlight.delete(request.outgoing.id)
    this.#fill()
  }

  #fill(): void {
    for (const request of this.#queue) {
      if (this.#inFlight.size >= this.#maxInFlight) return
      this.#queue.delete(request)
      this.#begin(request)
    }
  }

  #begin(request: WaitingRequest): void {
    this.#inFlight.set(request.outgoing.id, request)
    request.send()
  }
}
