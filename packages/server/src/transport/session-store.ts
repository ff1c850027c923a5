import { Readable } from 'node:stream'
import type { Session } from './session.ts'

/** A retained message, as aedes sends it to a new subscriber. */
export interface RetainedMessage {
  readonly topic: string
  readonly payload: string
}

/**
 * What aedes asks a persistence for, answered from the sessions that the broker keeps anyway: only the subscriptions
 * of a session that is resumed, and the one retained message there is. Everything else stays empty, since aedes is
 * given neither messages nor wills.
 */
export class SessionStore {
  readonly #find: (clientId: string) => Session | undefined
  readonly #retained: RetainedMessage

  constructor(find: (clientId: string) => Session | undefined, retained: RetainedMessage) {
    this.#find = find
    this.#retained = retained
  }

  async setup(): Promise<void> {}

  async subscriptionsByClient({ id }: { readonly id: string }): Promise<{ topic: string; qos: number }[]> {
    return [...(this.#find(id)?.filters ?? [])].map(([topic, qos]) => ({ topic, qos }))
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    const { topic, payload } = this.#retained
    const segments = topic.split('/')
    const matches = filters.some((filter) => matchesSegments(filter.split('/'), segments))
    return Readable.from(
      matches ? [{ cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain: true }] : [],
    )
  }

  /** aedes adds to and takes from the sessions through its hooks and events. */
  async addSubscriptions(): Promise<void> {}
  async removeSubscriptions(): Promise<void> {}
  async cleanSubscriptions(): Promise<void> {}
  async cleanIncoming(): Promise<void> {}
  async delWill(): Promise<void> {}

  outgoingStream(): Readable {
    return Readable.from([])
  }

  streamWill(): Readable {
    return Readable.from([])
  }
}

/** Does a filter with `+` but no `#` match a topic? The rules for subscribing allow no other. */
function matchesSegments(filter: readonly string[], topic: readonly string[]): boolean {
  return filter.length === topic.length && filter.every((segment, at) => segment === '+' || segment === topic[at])
}
