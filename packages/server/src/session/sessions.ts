import type { Subscription } from './subscription.ts'

/** One client, from its connect until its MQTT session ends. */
export interface Session {
  readonly clientId: string
  /** Who it is, as `authenticate` said. */
  auth: unknown
  readonly subscriptions: Map<string, Subscription>
}

/** The clients that are there. Behind an external broker, the ones that have sent something. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()

  /** The client's session; a new one if it has none. */
  open(clientId: string): Session {
    const known = this.#sessions.get(clientId)
    if (known) return known
    const session: Session = { clientId, auth: undefined, subscriptions: new Map() }
    this.#sessions.set(clientId, session)
    return session
  }

  /** Forgets a client. Returns its subscriptions, which end with it. */
  end(clientId: string): readonly Subscription[] {
    const session = this.#sessions.get(clientId)
    this.#sessions.delete(clientId)
    return session ? [...session.subscriptions.values()] : []
  }

  /** The subscription of this id, if it is this client's. */
  find(clientId: string, subscriptionId: string): Subscription | undefined {
    return this.#sessions.get(clientId)?.subscriptions.get(subscriptionId)
  }

  get count(): number {
    return this.#sessions.size
  }
}
