import type { Logger } from '../logger.ts'
import { DatabaseError } from './database-error.ts'
import type { OpenSession } from './session.ts'

/** Something that listens until it is told to stop. */
export interface Listening {
  /** Resolves when its connection has ended. Calling it again is fine. */
  stop(): Promise<void>
}

const ANSWER_MS = 10_000
/** After a connection was lost, or could not be had, the next one is tried so much later. */
const RETRY_MS = { first: 200, most: 5_000 }

/**
 * Listens to a channel of Postgres on a connection of its own, and on another one when that is lost. `heard` is called
 * at each notification, and each time that it has begun to listen: what was told before that was not heard.
 */
export class Listener implements Listening {
  readonly #open: OpenSession
  readonly #channel: string
  readonly #heard: () => void
  readonly #logger: Logger
  /** Ends the connection that there is. */
  #giveUp: (reason: unknown) => void = () => undefined
  #connecting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #retryMs = RETRY_MS.first
  #stopped = false

  /** `channel` is written into SQL: a name of ours. */
  constructor(open: OpenSession, channel: string, heard: () => void, logger: Logger) {
    this.#open = open
    this.#channel = channel
    this.#heard = heard
    this.#logger = logger
    this.#connect()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#giveUp(new DatabaseError('The server no longer listens.', { connectionLost: true }))
    await this.#connecting
  }

  #connect(): void {
    this.#connecting = this.#listen().catch((error: unknown) => this.#failed(error))
  }

  async #listen(): Promise<void> {
    // A driver may leave a statement pending when its connection is lost.
    const lost = new Promise<never>((_, reject) => {
      this.#giveUp = reject
    })
    lost.catch(() => undefined)
    const session = await this.#open(
      (reason) => this.#giveUp(reason),
      () => this.#hear(),
    )
    const timer = setTimeout(() => this.#giveUp(new Error(`No answer within ${ANSWER_MS} ms.`)), ANSWER_MS)
    try {
      await Promise.race([session.run({ text: `listen ${this.#channel}`, params: [] }), lost])
      clearTimeout(timer)
      this.#retryMs = RETRY_MS.first
      this.#hear()
      await lost
    } finally {
      clearTimeout(timer)
      await session.close()
    }
  }

  #hear(): void {
    if (!this.#stopped) this.#heard()
  }

  #failed(reason: unknown): void {
    if (this.#stopped) return
    this.#logger.info({ err: reason, channel: this.#channel }, 'notifications of the database are not heard for now')
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs)
    this.#timer.unref()
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.most)
  }
}
