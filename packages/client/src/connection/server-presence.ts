import { readMessage } from '../read-message.ts'

/**
 * Which servers are there, by what they say on their status topics, on one link.
 *
 * Behind an external broker a link outlives the server, and what the server knew of this client goes with the server:
 * its subscriptions, and who it is. That is made anew as soon as there is a server to ask.
 */
export class ServerPresence {
  readonly #online = new Set<string>()
  #isLost = false

  /** A new link: what was heard on the one before counts no more. */
  reset(): void {
    this.#online.clear()
    this.#isLost = false
  }

  /**
   * Takes what a server says of itself, now or, `retained`, when it came. `forgotten`: what servers knew of this client
   * may be gone, and there is one to ask anew. `more`: one more is there, which what waits may be for.
   */
  heard(serverId: string, payload: Uint8Array, retained: boolean): 'forgotten' | 'more' | undefined {
    const isKnown = this.#online.has(serverId)
    const isThere = readMessage(payload)?.status === 'online'
    if (isThere) {
      const hasOthers = this.#online.size > (isKnown ? 1 : 0)
      this.#online.add(serverId)
      // One more beside others takes nothing away. One that comes twice was away unheard.
      if (!retained && (isKnown || !hasOthers)) this.#isLost = true
    } else if (isKnown) {
      this.#online.delete(serverId)
      this.#isLost = true
    }
    if (!this.#isLost || this.#online.size === 0) return isThere && !retained ? 'more' : undefined
    this.#isLost = false
    return 'forgotten'
  }
}
