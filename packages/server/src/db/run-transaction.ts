import type { Runner, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
import type { PooledSession } from './pooled-session.ts'
import type { SessionTransaction } from './session.ts'

/**
 * Runs `body` in one transaction of a session that nobody else uses meanwhile.
 *
 *     begin ── body ── what it left pending ── commit      resolves with what body resolved with
 *                └── any failure ── rollback               rejects with that failure
 *
 * A lost session rejects at once, also while `body` waits for something else, and sends nothing more.
 */
export async function runTransaction<T>(session: PooledSession, body: (runner: Runner) => Promise<T>): Promise<T> {
  const transaction = await session.begin()
  const scope = new TransactionScope(transaction)
  try {
    const result = await session.orLost(invoke(body, scope))
    await scope.end()
    await scope.verify()
    await transaction.commit()
    return result
  } catch (error) {
    await scope.end()
    await rollBack(session, transaction)
    throw error
  }
}

/** So that a body that throws before its first await rejects like any other. */
async function invoke<T>(body: (runner: Runner) => Promise<T>, runner: Runner): Promise<T> {
  return await body(runner)
}

/** A session whose rollback fails holds a transaction that nobody may use: it is given up. */
async function rollBack(session: PooledSession, transaction: SessionTransaction): Promise<void> {
  try {
    await transaction.rollback()
  } catch (error) {
    session.lose(new DatabaseError('A transaction could not be rolled back.', { connectionLost: true }, error))
  }
}

/** The statements of one transaction: none is sent after its end, and the end waits for those that were. */
class TransactionScope implements Runner {
  readonly #transaction: SessionTransaction
  readonly #pending = new Set<Promise<unknown>>()
  #failure: unknown
  #over = false

  constructor(transaction: SessionTransaction) {
    this.#transaction = transaction
  }

  run(statement: Statement): ReturnType<Runner['run']> {
    if (this.#over) return Promise.reject(new DatabaseError('The transaction of this statement has ended.', {}))
    const running = this.#transaction.run(statement)
    this.#pending.add(running)
    running.then(
      () => this.#pending.delete(running),
      (error: unknown) => {
        this.#pending.delete(running)
        this.#failure ??= error
      },
    )
    return running
  }

  /** Lets nothing more in and waits for what is under way. */
  async end(): Promise<void> {
    this.#over = true
    await Promise.allSettled(this.#pending)
  }

  /**
   * After a failure that `body` did not pass on, asks whether the transaction is still sound, as a savepoint may have
   * made it; rejects with that failure if not. Postgres itself answers the COMMIT of a failed transaction with a
   * silent ROLLBACK.
   */
  async verify(): Promise<void> {
    if (this.#failure === undefined) return
    await this.#transaction.run({ text: 'select 1', params: [] }).catch(() => {
      throw this.#failure
    })
  }
}
