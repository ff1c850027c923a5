import type { Cells, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
import type { Session, SessionTransaction } from './session.ts'

/** What a pool must be told of one of its sessions. */
export interface PooledSessionEvents {
  /** A call has settled: there may be room for another. */
  settled(session: PooledSession): void
  /** It can run nothing more. Called once. */
  lost(session: PooledSession, reason: DatabaseError): void
}

/**
 * A session with the promise that drivers do not keep: every call settles. When the session is lost, each pending
 * call rejects, and no later call reaches the driver. A session that stays silent too long counts as lost.
 */
export class PooledSession {
  /** Calls that were sent and have not settled. */
  load = 0
  /** Held by one transaction or script. */
  exclusive = false
  readonly #session: Session
  readonly #events: PooledSessionEvents
  readonly #silenceMs: number
  readonly #pending = new Set<(reason: DatabaseError) => void>()
  #lost: DatabaseError | undefined
  #silence: NodeJS.Timeout | undefined

  /** `silenceMs`: how long statements may be pending without one being answered; Infinity for no limit. */
  constructor(session: Session, events: PooledSessionEvents, silenceMs: number) {
    this.#session = session
    this.#events = events
    this.#silenceMs = silenceMs
  }

  get worn(): boolean {
    return this.#session.worn
  }

  run(statement: Statement): Promise<readonly Cells[]> {
    return this.#settling(() => this.#session.run(statement))
  }

  /** A transaction of this session whose calls settle like those of the session. */
  async begin(): Promise<SessionTransaction> {
    const transaction = await this.#settling(() => this.#session.begin())
    return {
      run: (statement) => this.#settling(() => transaction.run(statement)),
      commit: () => this.#settling(() => transaction.commit()),
      rollback: () => this.#settling(() => transaction.rollback()),
    }
  }

  /** Runs a script, however long it takes. */
  script(sql: string): Promise<void> {
    return this.#lost ? Promise.reject(this.#lost) : this.orLost(this.#session.script(sql))
  }

  /** Settles with `work`, or rejects as soon as the session is lost; what `work` comes to then is of no interest. */
  orLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) reject(this.#lost)
      else this.#pending.add(reject)
      work.then(resolve, reject).finally(() => this.#pending.delete(reject))
    })
  }

  /** Declares the session lost: rejects what is pending, refuses what comes, ends the connection. */
  lose(reason: DatabaseError): void {
    if (this.#lost) return
    this.#lost = reason
    clearTimeout(this.#silence)
    for (const reject of this.#pending) reject(reason)
    this.#pending.clear()
    this.#events.lost(this, reason)
  }

  /** Ends the connection; what is pending rejects with `reason`. */
  async close(reason: DatabaseError): Promise<void> {
    this.lose(reason)
    await this.#session.close()
  }

  #settling<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost)
    this.load += 1
    if (this.load === 1) this.#listen()
    return new Promise((resolve, reject) => {
      this.#pending.add(reject)
      work().then(
        (result) => {
          resolve(result)
          this.#settled(reject)
        },
        (error: unknown) => {
          reject(error)
          if (error instanceof DatabaseError && error.connectionLost) this.lose(error)
          this.#settled(reject)
        },
      )
    })
  }

  #settled(call: (reason: DatabaseError) => void): void {
    this.#pending.delete(call)
    this.load -= 1
    if (this.load === 0 || this.#lost) clearTimeout(this.#silence)
    else this.#silence?.refresh()
    this.#events.settled(this)
  }

  #listen(): void {
    if (this.#silenceMs === Number.POSITIVE_INFINITY) return
    this.#silence = setTimeout(() => {
      const message = `The database has not answered for ${this.#silenceMs} ms.`
      this.lose(new DatabaseError(message, { connectionLost: true }))
    }, this.#silenceMs)
  }
}
