import { setImmediate as turn } from 'node:timers/promises'
import type { PGlite, QueryOptions, Transaction } from '@electric-sql/pglite'
import type { Logger } from '../../logger.ts'
import type { Cells, Database, Statement } from '../database.ts'
import { toDatabaseError, toOpenError } from '../postgres-error.ts'
import type { Session, SessionTransaction } from '../session.ts'
import { SessionPool } from '../session-pool.ts'
import { TEXT_SETTINGS } from '../session-settings.ts'
import { PgliteListener } from './pglite-listener.ts'
import { keepUp, UPKEEP_EVERY } from './upkeep.ts'

/**
 * A PGlite that the user made, used where it lives, by its public means: transactions and statements of ours and of
 * the user's take turns. Its one session gets our settings, but for the one that says that a server writes: so does the
 * user. `close` leaves it open.
 */
export function openUserPglite(client: PGlite, logger: Logger): Database {
  logger.warn(
    {},
    'This PGlite runs on the thread of the server and stops it for as long as a statement takes. ' +
      "A database 'pglite:<directory>' runs in a thread of its own.",
  )
  return new SessionPool({
    kind: 'pglite',
    open: () => openSession(client),
    maxSessions: 1,
    pipelineDepth: 1,
    silenceMs: Number.POSITIVE_INFINITY,
    reopens: true,
    listen: (channel, heard) => new PgliteListener(client, channel, heard, logger),
    logger,
    upkeep: keepUp,
    upkeepEvery: UPKEEP_EVERY,
  })
}

async function openSession(client: PGlite): Promise<Session> {
  const settings = Object.entries(TEXT_SETTINGS)
  try {
    await client.exec(settings.map(([name, value]) => `set ${name} = ${value};`).join(' '))
  } catch (error) {
    throw toOpenError(error)
  }
  return new InProcessSession(client)
}

class InProcessSession implements Session {
  readonly worn = false
  readonly #client: PGlite
  #rollBackOpen: (() => Promise<void>) | undefined

  constructor(client: PGlite) {
    this.#client = client
  }

  run(statement: Statement): Promise<readonly Cells[]> {
    return this.#query(this.#client, statement)
  }

  async script(sql: string): Promise<void> {
    try {
      await this.#client.exec(sql)
    } catch (error) {
      // Warns and does nothing when the script had opened no transaction.
      await this.#client.exec('rollback')
      throw toDatabaseError(error)
    }
  }

  /** PGlite's transactions are callbacks; this one waits inside of it until it is told how to end. */
  begin(): Promise<SessionTransaction> {
    return new Promise((resolve, reject) => {
      const whole = this.#client.transaction(async (transaction) => {
        const end = new Promise<void>((commit, rollBack) => {
          const rollback = async (): Promise<void> => {
            rollBack(ROLLED_BACK)
            await whole.catch(unlessRolledBack)
          }
          this.#rollBackOpen = rollback
          resolve({
            run: (statement) => this.#query(transaction, statement),
            commit: () => {
              commit()
              return whole.catch(throwDatabaseError)
            },
            rollback,
          })
        })
        await end.finally(() => {
          this.#rollBackOpen = undefined
        })
      })
      whole.catch((error: unknown) => reject(toDatabaseError(error)))
    })
  }

  async close(): Promise<void> {
    await this.#rollBackOpen?.().catch(() => undefined) // a PGlite that was closed has rolled it back
  }

  async #query(runner: PGlite | Transaction, { text, params, describe }: Statement): Promise<readonly Cells[]> {
    try {
      const { rows, fields } = await runner.query<Cells>(text, [...params], this.#textOnly())
      describe?.(fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })))
      return rows
    } catch (error) {
      throw toDatabaseError(error)
    } finally {
      await turn() // everything PGlite does is one long microtask: without this, nothing else would ever run
    }
  }

  /** Asked each time, since PGlite learns the types of arrays as it goes. */
  #textOnly(): QueryOptions {
    const parsers = Object.fromEntries(Object.keys(this.#client.parsers).map((type) => [type, asIs]))
    const serializers = Object.fromEntries(Object.keys(this.#client.serializers).map((type) => [type, asIs]))
    return { rowMode: 'array', parsers, serializers }
  }
}

const ROLLED_BACK = Symbol('rolled back')

const asIs = (text: string): string => text

function unlessRolledBack(error: unknown): void {
  if (error !== ROLLED_BACK) throw toDatabaseError(error)
}

function throwDatabaseError(error: unknown): never {
  throw toDatabaseError(error)
}
