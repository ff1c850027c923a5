import { isSpecError } from '@mqttspec/protocol'
import { type Backoff, backoffMs } from '../backoff.ts'
import type { Ask } from '../request/ask.ts'

/** What a client says of itself in a message, asked for anew each time. */
export type Login = () => Promise<Readonly<Record<string, string | undefined>>>

// Sooner than the end by a minute, and by a fifth of what a short session has.
const EARLY = { ms: 60_000, share: 0.2 }
const BACKOFF: Backoff = { baseMs: 1_000, maxMs: 30_000 }
// A longer timer fires at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Who this client is to a server that does not see its connection, as behind an external broker:
 *
 *     a message is unauthorized ──► connect, with credentials asked for anew ──► its session stands in each message
 *                                      ▲                                                        │
 *                                      └── before it ends, or when another server is there ─────┘
 */
export class ServerSession {
  readonly #ask: Ask
  readonly #login: Login | undefined
  readonly #settled: () => void
  #session: string | undefined
  #identifying: Promise<void> | undefined
  #helps = true
  #isOver = false
  #failures = 0
  #renewal: ReturnType<typeof setTimeout> | undefined

  /** `ask` sends a message ahead of those that wait for a session. `settled` is called when these may be sent. */
  constructor(ask: Ask, login: Login | undefined, settled: () => void) {
    this.#ask = ask
    this.#login = login
    this.#settled = settled
  }

  /** The session, if the server has asked for one. */
  get session(): string | undefined {
    return this.#session
  }

  /** Is it no use to send anything else just now: the server would refuse it, until it has answered who this is? */
  get isAwaited(): boolean {
    return this.#session === undefined && this.#identifying !== undefined
  }

  /** A message as it is sent: in the session, if there is one. */
  sign(text: string): string {
    return this.#session === undefined ? text : `{"session":${JSON.stringify(this.#session)},${text.slice(1)}`
  }

  /**
   * A message that was sent in this session is unauthorized: resolves when it can be sent in another one, rejects when
   * the server refuses the credentials. Undefined when there is nothing more to say of oneself.
   */
  afterRefusal(session: string | undefined): Promise<void> | undefined {
    if (session !== this.#session) return Promise.resolve()
    return this.#helps && this.#login ? this.identify() : undefined
  }

  /** A message is unauthorized in a new session too: it is not who asks that is missing. */
  didNotHelp(): void {
    this.#helps = false
  }

  /** On a new link it may help again to say who this is. */
  tryAgain(): void {
    this.#helps = true
  }

  /** Another server is there, to which the session means nothing. True if there was one, and so one is needed. */
  forget(): boolean {
    this.tryAgain()
    const isNeeded = this.#session !== undefined
    this.#session = undefined
    clearTimeout(this.#renewal)
    return isNeeded
  }

  /** Says who this is, once for all that wait for it. Rejects with `auth_error`, or why there is no answer. */
  identify(): Promise<void> {
    this.#identifying ??= this.#identify().finally(() => {
      this.#identifying = undefined
      this.#settled()
    })
    return this.#identifying
  }

  /** Ends it: nothing is renewed any more. */
  stop(): void {
    this.#isOver = true
    clearTimeout(this.#renewal)
  }

  async #identify(): Promise<void> {
    const data = (await this.#login?.()) ?? {}
    const { data: answer, timestamp } = await this.#ask({ type: 'connect', data })
    const { session, expires_at: end } = answer as { readonly session: string; readonly expires_at: string }
    this.#session = session
    this.#failures = 0
    // By the server's clock: ours may be wrong.
    this.#renewIn(Date.parse(end) - (timestamp === undefined ? Date.now() : Date.parse(timestamp)))
  }

  #renewIn(lifeMs: number): void {
    this.#later(Math.max(lifeMs * (1 - EARLY.share), lifeMs - EARLY.ms))
  }

  #later(ms: number): void {
    clearTimeout(this.#renewal)
    if (this.#isOver || Number.isNaN(ms)) return
    this.#renewal = setTimeout(() => void this.#renew(), Math.min(Math.max(ms, 0), LONGEST_TIMER_MS))
  }

  async #renew(): Promise<void> {
    try {
      await this.identify()
    } catch (error) {
      // Those who are refused for it are told; the session may hold for a while yet.
      if (isSpecError(error) && error.retryable) this.#later(backoffMs(this.#failures++, BACKOFF))
    }
  }
}
