import type { Logger } from '../logger.ts'
import type { Cells, Database, Runner, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { Listener } from './listener.ts'
import { PooledSession } from './pooled-session.ts'
import { runTransaction } from './run-transaction.ts'
import type { OpenSession } from './session.ts'

export interface SessionPoolOptions {
  readonly kind: Database['kind']
  readonly open: OpenSession
  readonly maxSessions: number
  /** How many statements one session may have been sent and not answered, once every session is busy. */
  readonly pipelineDepth: number
  /** See `PooledSession`. */
  readonly silenceMs: number
  /** False where a lost session takes its data along: every later call then rejects. */
  readonly reopens: boolean
  /** Do its sessions hear notifications, and may there be one more of them? */
  readonly canListen?: boolean
  /** How else it hears them. */
  readonly listen?: Database['listen']
  readonly logger: Logger
  /** Run with nothing else on the session, about every `upkeepEvery` statements. */
  readonly upkeep?: (session: Runner) => Promise<void>
  readonly upkeepEvery?: number
  /** Runs when every session has ended. */
  readonly afterClose?: () => Promise<void>
}

/** A call that waits for a session. */
interface Job {
  readonly exclusive: boolean
  start(session: PooledSession): void
  reject(reason: DatabaseError): void
}

/** After a failed opening, how long the sessions there are must do before another is tried. */
const OPEN_AGAIN_MS = 1_000

/**
 * Runs statements and transactions on the sessions of one driver.
 *
 * First come, first served: a statement goes to an idle session, else to a new one, else behind the statements of
 * the least busy one; a transaction has a session to itself. A lost session is replaced when a call needs it.
 */
export class SessionPool implements Database {
  readonly kind: Database['kind']
  readonly #options: SessionPoolOptions
  readonly #sessions = new Set<PooledSession>()
  readonly #openings = new Set<Promise<void>>()
  readonly #endings = new Set<Promise<void>>()
  readonly #queue: Job[] = []
  #failedAt = Number.NEGATIVE_INFINITY
  #away = false
  #sinceUpkeep = 0
  /** Why no call is taken any more. */
  #over: DatabaseError | undefined
  #closing: Promise<void> | undefined

  constructor(options: SessionPoolOptions) {
    this.kind = options.kind
    this.#options = options
  }

  run(statement: Statement): Promise<readonly Cells[]> {
    const session = this.#queue.length === 0 ? this.#pick(false) : undefined
    if (session) return session.run(statement)
    return new Promise((resolve, reject) => {
      this.#enqueue({ exclusive: false, start: (free) => resolve(free.run(statement)), reject })
    })
  }

  transaction<T>(body: (transaction: Runner) => Promise<T>): Promise<T> {
    return this.#exclusively((session) => runTransaction(session, body))
  }

  script(sql: string): Promise<void> {
    return this.#exclusively((session) => session.script(sql))
  }

  /** On a session beside the others. */
  get listen(): Database['listen'] {
    const { open, logger, canListen = false, listen } = this.#options
    return canListen ? (channel, heard) => new Listener(open, channel, heard, logger) : listen
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const reason = new DatabaseError('The database is closed.', { connectionLost: true })
    this.#refuse(reason)
    await Promise.all([...this.#sessions].map((session) => this.#end(session, reason)))
    await Promise.all([...this.#openings, ...this.#endings])
    await this.#options.afterClose?.()
  }

  async #exclusively<T>(work: (session: PooledSession) => Promise<T>): Promise<T> {
    const session = await new Promise<PooledSession>((resolve, reject) => {
      this.#enqueue({ exclusive: true, start: resolve, reject })
    })
    try {
      return await work(session)
    } finally {
      session.exclusive = false
      if (session.worn) this.#retire(session)
      this.#pump()
    }
  }

  #enqueue(job: Job): void {
    if (this.#over) {
      job.reject(this.#over)
    } else {
      this.#queue.push(job)
      this.#pump()
    }
  }

  /** Starts what can start, in order: a transaction at the head holds the rest back until a session is idle. */
  #pump(): void {
    for (let job = this.#queue[0]; job; job = this.#queue[0]) {
      const session = this.#pick(job.exclusive)
      if (!session) {
        this.#grow()
        return
      }
      this.#queue.shift()
      session.exclusive = job.exclusive
      job.start(session)
    }
    this.#keepUp()
  }

  #pick(exclusive: boolean): PooledSession | undefined {
    let best: PooledSession | undefined
    for (const session of this.#sessions) {
      if (session.exclusive) continue
      if (session.load === 0) return session
      if (!best || session.load < best.load) best = session
    }
    // What waits behind a statement cannot change its place: while another session may come, it rather waits for that.
    if (exclusive || !best || this.#openings.size > 0 || this.#mayGrow()) return undefined
    return best.load < this.#options.pipelineDepth ? best : undefined
  }

  #mayGrow(): boolean {
    if (this.#over || this.#sessions.size + this.#openings.size >= this.#options.maxSessions) return false
    if (performance.now() - this.#failedAt > OPEN_AGAIN_MS) return true
    return this.#sessions.size + this.#openings.size === 0
  }

  #grow(): void {
    while (this.#openings.size < this.#queue.length && this.#mayGrow()) {
      const opening = this.#open().finally(() => {
        this.#openings.delete(opening)
        this.#pump()
      })
      this.#openings.add(opening)
    }
  }

  /** Opens one session. A failure rejects those who wait, unless another session is there to serve them. */
  async #open(): Promise<void> {
    let lostBefore: DatabaseError | undefined
    let pooled: PooledSession | undefined
    try {
      const session = await this.#options.open((reason) => {
        if (pooled) pooled.lose(reason)
        else lostBefore = reason
      })
      const events = { settled: this.#settled, lost: this.#lost }
      pooled = new PooledSession(session, events, this.#options.silenceMs)
      if (this.#over) return await this.#end(pooled, this.#over)
      this.#sessions.add(pooled)
      if (lostBefore) pooled.lose(lostBefore)
      else this.#opened()
    } catch (error) {
      this.#failedToOpen(error)
    }
  }

  #opened(): void {
    this.#failedAt = Number.NEGATIVE_INFINITY
    if (this.#away) this.#options.logger.info({}, 'The database can be reached again.')
    this.#away = false
  }

  #failedToOpen(error: unknown): void {
    this.#failedAt = performance.now()
    this.#sayAway('The database cannot be reached.', error)
    const reason =
      error instanceof DatabaseError
        ? error
        : new DatabaseError('The database could not be opened.', { connectionLost: true }, error)
    if (this.#sessions.size > 0 || this.#openings.size > 1) return
    this.#rejectQueue(reason)
  }

  readonly #settled = (session: PooledSession): void => {
    this.#sinceUpkeep += 1
    if (session.worn && session.load === 0 && !session.exclusive) this.#retire(session)
    if (this.#queue.length > 0) this.#pump()
    else this.#keepUp()
  }

  readonly #lost = (session: PooledSession, reason: DatabaseError): void => {
    this.#sessions.delete(session)
    if (this.#over) return
    if (!session.worn) this.#sayAway('The connection to the database was lost.', reason)
    const ending = this.#end(session, reason).finally(() => this.#endings.delete(ending))
    this.#endings.add(ending)
    if (this.#options.reopens) this.#pump()
    else this.#refuse(reason)
  }

  async #end(session: PooledSession, reason: DatabaseError): Promise<void> {
    try {
      await session.close(reason)
    } catch (error) {
      this.#options.logger.warn({ error }, 'A connection to the database did not end well.')
    }
  }

  #retire(session: PooledSession): void {
    session.lose(new DatabaseError('The connection was replaced.', { connectionLost: true }))
  }

  #refuse(reason: DatabaseError): void {
    this.#over = reason
    this.#rejectQueue(reason)
  }

  #rejectQueue(reason: DatabaseError): void {
    for (const job of this.#queue.splice(0)) job.reject(reason)
  }

  /** Once, until a session is there again. */
  #sayAway(message: string, error: unknown): void {
    if (this.#away || this.#over) return
    this.#away = true
    this.#options.logger.warn({ error }, message)
  }

  /** Puts upkeep in the queue when it is due and nobody waits. */
  #keepUp(): void {
    const { upkeep, upkeepEvery = Number.POSITIVE_INFINITY, logger } = this.#options
    if (!upkeep || this.#sinceUpkeep < upkeepEvery || this.#over) return
    this.#sinceUpkeep = 0
    this.#exclusively((session) => upkeep(session)).catch((error: unknown) => {
      if (!this.#over) logger.warn({ error }, 'The upkeep of the database failed.')
    })
  }
}
