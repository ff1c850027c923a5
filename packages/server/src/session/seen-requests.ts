import { createHash } from 'node:crypto'
import { SpecError } from '@mqttspec/protocol'

const DAY_MS = 24 * 60 * 60 * 1_000
const MINUTE_MS = 60 * 1_000
const LONG_ID = 16
// What is longer is no session of ours, and too long to look for.
const LONGEST_SESSION = 16_384

/** Is this an id that no device counts up to, so that it can be remembered for a day, and across restarts? */
export const isLongId = (id: string): boolean => id.length >= LONG_ID

/** A short text for a message's content. The session that it was sent in is none of it: that may have been renewed. */
export function hashOf(payload: Uint8Array, session?: string): string {
  const isOne = session !== undefined && session.length <= LONGEST_SESSION
  const content = isOne ? withoutSession(Buffer.from(payload).toString(), session) : payload
  return createHash('sha256').update(content).digest('base64')
}

const withoutSession = (text: string, session: string): string =>
  text.replace(new RegExp(`"session"\\s*:\\s*"${session.replaceAll(/[^\w-]/g, '\\$&')}"\\s*,?`), '')

interface Seen {
  readonly hash: string
  readonly until: number
  readonly reply: Promise<string>
}

/**
 * Writes that were asked already, with their replies: what comes twice runs once.
 *
 * A long id is remembered for a day, a short one, which a device may count anew after it restarts, for a minute. This
 * is memory: it ends with the process, and holds `maxSeen` requests at most, the oldest forgotten first. Behind it, for
 * long ids, is the log in the database.
 *
 * A short id stands for as many requests as it came with contents: each of them may come again, in any order.
 */
export class SeenRequests {
  readonly #seen = new Map<string, Seen>()
  readonly #maxSeen: number
  readonly #now: () => number

  constructor(maxSeen = 50_000, now: () => number = Date.now) {
    this.#maxSeen = maxSeen
    this.#now = now
  }

  /**
   * The reply to a write: of the first time it was asked, or of `run`. One that rejects is forgotten, so that it is
   * tried anew. Rejects with `invalid_message` for a long id that came with other content before.
   */
  async once(clientId: string, id: string, hash: string, run: () => Promise<string>): Promise<string> {
    const key = isLongId(id) ? `${clientId}/${id}` : `${clientId} ${hash}${id}`
    const seen = this.#seen.get(key)
    if (seen && seen.until > this.#now()) {
      if (seen.hash === hash) return seen.reply
      throw new SpecError('invalid_message', 'This id was used for another message; a new message has a new id.', {
        path: ['id'],
      })
    }
    const entry: Seen = { hash, until: this.#now() + (isLongId(id) ? DAY_MS : MINUTE_MS), reply: run() }
    this.#remember(key, entry)
    entry.reply.catch(() => {
      if (this.#seen.get(key) === entry) this.#seen.delete(key)
    })
    return entry.reply
  }

  #remember(key: string, entry: Seen): void {
    this.#seen.delete(key)
    this.#seen.set(key, entry)
    for (const [oldest, { until }] of this.#seen) {
      if (this.#seen.size <= this.#maxSeen && until > this.#now()) break
      this.#seen.delete(oldest)
    }
  }
}
