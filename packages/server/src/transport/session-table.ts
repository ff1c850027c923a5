import type { HeldBytes } from './outbox.ts'
import { Session } from './session.ts'
import type { TransportReceiver } from './transport.ts'

/** How long sessions wait for their clients, and how much they may hold. */
export interface SessionTableOptions {
  readonly prefix: string
  readonly maxAbsent: number
  readonly expiryMs: number
  readonly maxHeldBytes: number
}

/** The MQTT sessions by client id: those that are connected, and those that wait for their client to come back. */
export class SessionTable {
  readonly #options: SessionTableOptions
  readonly #receiver: Pick<TransportReceiver, 'sessionEnded' | 'overflowed'>
  readonly #sessions = new Map<string, Session>()
  /** Since when the clients are away that have a session to come back to, longest first. */
  readonly #absentSince = new Map<string, number>()
  readonly #held: HeldBytes

  constructor(options: SessionTableOptions, receiver: Pick<TransportReceiver, 'sessionEnded' | 'overflowed'>) {
    this.#options = options
    this.#receiver = receiver
    this.#held = { bytes: 0, maxBytes: options.maxHeldBytes }
  }

  find(clientId: string): Session | undefined {
    return this.#sessions.get(clientId)
  }

  /** The session of a client that connects: its old one, unless either of the two is clean. [MQTT-3.1.2-6] */
  enter(clientId: string, clean: boolean): Session {
    const old = this.#sessions.get(clientId)
    if (old && !clean && !old.clean) {
      this.#absentSince.delete(clientId)
      return old
    }
    if (old) this.#giveUp(old)
    const overflowed = (id: string): void => this.#receiver.overflowed?.(id)
    const session = new Session(this.#options.prefix, clientId, clean, this.#held, overflowed)
    this.#sessions.set(clientId, session)
    return session
  }

  /** The client has gone. True when its session went with it. */
  leave(session: Session, nowMs: number): boolean {
    session.detach()
    if (this.#sessions.get(session.clientId) !== session) return true
    if (session.clean) {
      this.#end(session)
      return true
    }
    this.#absentSince.set(session.clientId, nowMs)
    if (this.#absentSince.size > this.#options.maxAbsent) this.#giveUpOldest()
    return false
  }

  /** Ends the sessions whose clients have been away for too long. */
  expire(nowMs: number): void {
    for (const since of this.#absentSince.values()) {
      if (nowMs - since < this.#options.expiryMs) return
      this.#giveUpOldest()
    }
  }

  /** Ends all sessions, and tells nobody. */
  clear(): void {
    for (const session of this.#sessions.values()) session.end()
    this.#sessions.clear()
    this.#absentSince.clear()
  }

  #giveUpOldest(): void {
    const [clientId] = this.#absentSince.keys()
    const session = clientId === undefined ? undefined : this.#sessions.get(clientId)
    if (session) this.#giveUp(session)
  }

  #giveUp(session: Session): void {
    this.#end(session)
    this.#receiver.sessionEnded?.(session.clientId)
  }

  #end(session: Session): void {
    this.#sessions.delete(session.clientId)
    this.#absentSince.delete(session.clientId)
    session.end()
  }
}
