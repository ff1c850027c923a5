import { isSpecError, SpecError } from '@mqttspec/protocol'
import { type Backoff, backoffMs } from '../backoff.ts'
import type { Credentials, Link, LinkReceiver, Transport } from '../transport/transport.ts'
import { afterInput, type ConnectionInput, type ConnectionState } from './connection-state.ts'

/** What a connection tells the client that owns it. */
export interface ConnectionReceiver {
  message(topic: string, payload: Uint8Array, retained: boolean): void
  /** A new link is there, with no memory of what went before. */
  online(): void
  /** The broker said no, and why. It is asked again after a while. */
  refused(error: SpecError): void
}

export interface ConnectionSettings {
  readonly transport: Transport
  readonly credentials: () => Promise<Credentials>
  readonly backoff: Backoff
}

// A connection that breaks sooner than this counts as failed, or two clients with one id would chase each other.
const STABLE_MS = 5_000

/** Keeps one link open for as long as it is not closed, and says in which state it is. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #receiver: ConnectionReceiver
  readonly #listeners = new Set<(state: ConnectionState) => void>()
  readonly #closing = new AbortController()
  #state: ConnectionState = 'connecting'
  #link: Link | undefined
  #failures = 0
  #openedAt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #error: SpecError | undefined

  constructor(settings: ConnectionSettings, receiver: ConnectionReceiver) {
    this.#settings = settings
    this.#receiver = receiver
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Why there is no link, if one was tried for and not had. */
  get error(): SpecError | undefined {
    return this.#error
  }

  /** Calls `listener` with each new state, until the function that it returns is called. */
  subscribe(listener: (state: ConnectionState) => void): () => void {
    // One entry for each call, so that a function that listens twice stops once at a time.
    const entry = (state: ConnectionState) => listener(state)
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  /** Makes the first attempt. */
  start(): void {
    void this.#attempt()
  }

  /** Throws when there is no use in waiting for a link: it is closed, or the broker refuses this client for now. */
  assertHopeful(): void {
    if (this.#state === 'closed') throw new SpecError('closed', 'The client is closed; connect anew.')
    if (this.#state === 'unauthorized' && this.#error) throw this.#error
  }

  /** While the broker refuses this client: resolves when it does not any more, rejects when it is closed. */
  whenAdmitted(): Promise<void> | undefined {
    if (this.#state !== 'unauthorized') return undefined
    return new Promise((resolve, reject) => {
      const stop = this.subscribe((state) => {
        if (state !== 'online' && state !== 'closed') return
        stop()
        if (state === 'online') resolve()
        else reject(new SpecError('closed', 'The client was closed.'))
      })
    })
  }

  /** Hands a message to the broker, if there is a link. */
  publish(text: string): boolean {
    if (!this.#link) return false
    this.#link.publish(text)
    return true
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    clearTimeout(this.#retry)
    const link = this.#link
    this.#link = undefined
    this.#enter('close')
    this.#closing.abort(new SpecError('closed', 'The client was closed.'))
    await link?.close()
  }

  async #attempt(): Promise<void> {
    let link: Link
    try {
      link = await this.#open()
    } catch (error) {
      this.#failed(error)
      return
    }
    this.#opened(link)
  }

  async #open(): Promise<Link> {
    const { credentials, transport } = this.#settings
    const receiver: LinkReceiver = {
      message: (topic, payload, retained) => this.#receiver.message(topic, payload, retained),
      lost: (cause) => this.#lost(cause),
    }
    return transport.open(await credentials(), receiver, this.#closing.signal)
  }

  #opened(link: Link): void {
    if (this.#state === 'closed') {
      void link.close()
      return
    }
    this.#link = link
    this.#error = undefined
    this.#openedAt = performance.now()
    this.#enter('opened')
    this.#receiver.online()
  }

  #lost(cause: unknown): void {
    this.#link = undefined
    if (performance.now() - this.#openedAt > STABLE_MS) this.#failures = 0
    this.#error = new SpecError('unavailable', 'The connection to the broker was lost.', undefined, cause)
    this.#enter('lost')
    this.#retryLater()
  }

  #failed(cause: unknown): void {
    if (this.#state === 'closed') return
    const error = isSpecError(cause)
      ? cause
      : new SpecError('unavailable', 'The broker cannot be reached.', undefined, cause)
    this.#error = error
    if (error.code === 'auth_error' || error.code === 'forbidden') {
      this.#enter('refused')
      this.#receiver.refused(error)
    } else this.#enter('lost')
    this.#retryLater()
  }

  #retryLater(): void {
    this.#retry = setTimeout(
      () => {
        this.#enter('retry')
        void this.#attempt()
      },
      backoffMs(this.#failures++, this.#settings.backoff),
    )
  }

  #enter(input: ConnectionInput): void {
    const state = afterInput(this.#state, input)
    if (state === this.#state) return
    this.#state = state
    // Each in its own turn: what a listener throws is its own, and it may close the connection.
    for (const listener of this.#listeners) queueMicrotask(() => this.#listeners.has(listener) && listener(state))
  }
}
