import type { ClientCertificate } from '../client-certificate.ts'
import type { Identity } from './identity.ts'
import type { Subscription } from './subscription.ts'

/** One client, from its connect until its MQTT session ends. */
export interface Session {
  readonly clientId: string
  /** Who it is. */
  identity: Identity
  connected: boolean
  /** The certificate of its connection. */
  certificate: ClientCertificate | undefined
  /** Ends the connection when the identity ends. */
  expiry: NodeJS.Timeout | undefined
  readonly subscriptions: Map<string, Subscription>
  /** What hooks have noted of the client. */
  readonly metadata: Map<string, unknown>
}

/** Timers cannot wait longer than this; an identity that ends later is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The clients that are there. Behind an external broker, the ones that have sent something. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()

  /** How many there are. */
  get size(): number {
    return this.#sessions.size
  }

  /** How many of them have a connection now. */
  get connected(): number {
    let count = 0
    for (const { connected } of this.#sessions.values()) if (connected) count += 1
    return count
  }

  /** The client's session, if it has one. */
  find(clientId: string): Session | undefined {
    return this.#sessions.get(clientId)
  }

  /** The client's session; a new one of this identity if it has none. */
  open(clientId: string, identity: Identity, metadata = new Map<string, unknown>()): Session {
    const known = this.#sessions.get(clientId)
    if (known) return known
    const session: Session = {
      clientId,
      identity,
      connected: false,
      certificate: undefined,
      expiry: undefined,
      subscriptions: new Map(),
      metadata,
    }
    this.#sessions.set(clientId, session)
    return session
  }

  /** Says who a client is from now on, and what happens when that ends. */
  identify(session: Session, identity: Identity, expired: () => void): void {
    session.identity = identity
    clearTimeout(session.expiry)
    session.expiry = undefined
    if (identity.expiresAt === undefined) return
    const inMs = identity.expiresAt - Date.now()
    const later = () => this.identify(session, identity, expired)
    session.expiry = inMs > MAX_TIMER_MS ? setTimeout(later, MAX_TIMER_MS) : setTimeout(expired, Math.max(inMs, 0))
    session.expiry.unref()
  }

  /** The connection is gone; the session may go on without it. */
  disconnected(clientId: string): void {
    const session = this.#sessions.get(clientId)
    if (!session) return
    session.connected = false
    clearTimeout(session.expiry)
  }

  /** Forgets a client. Returns its subscriptions, which end with it. */
  end(clientId: string): readonly Subscription[] {
    const session = this.#sessions.get(clientId)
    clearTimeout(session?.expiry)
    this.#sessions.delete(clientId)
    return session ? [...session.subscriptions.values()] : []
  }

  /** Forgets everybody. */
  stop(): void {
    for (const clientId of [...this.#sessions.keys()]) this.end(clientId)
  }
}
