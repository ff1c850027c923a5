/**
 * The writes whose reply is not out yet, by client: what a client is told of a change never overtakes the reply to its
 * own write, however the two come out of the database.
 */
export class PendingReplies {
  readonly #pending = new Map<string, Set<Promise<void>>>()

  /** A write of this client begins. What it returns says that its reply is out. */
  begin(clientId: string): () => void {
    let done = (): void => {}
    const reply = new Promise<void>((resolve) => {
      done = resolve
    })
    const replies = this.#pending.get(clientId) ?? new Set()
    this.#pending.set(clientId, replies.add(reply))
    return () => {
      done()
      replies.delete(reply)
      if (replies.size === 0) this.#pending.delete(clientId)
    }
  }

  /** Resolves when the replies that are pending now are out; undefined when there are none. */
  of(clientId: string): Promise<unknown> | undefined {
    const replies = this.#pending.get(clientId)
    return replies && Promise.all(replies)
  }
}
