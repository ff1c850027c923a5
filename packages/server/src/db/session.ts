import type { Runner } from './database.ts'
import type { DatabaseError } from './database-error.ts'

/**
 * One connection of one driver, the only thing that differs between PGlite, postgres.js and node-postgres.
 *
 * - It MUST run what it is given in the order in which it is given, without waiting for earlier answers.
 * - It MUST call the `Lost` it was opened with as soon as it can run nothing more, and it MUST NOT reconnect:
 *   a session that did would run the rest of a cut transaction on its own.
 * - It MAY leave calls pending when it is lost. Its owner settles them.
 */
export interface Session extends Runner {
  /** Runs several statements without parameters. Whatever they leave behind in the session, `worn` tells. */
  script(sql: string): Promise<void>
  begin(): Promise<SessionTransaction>
  /** Best replaced by a fresh session once idle: it has changed settings, or no room for prepared statements. */
  readonly worn: boolean
  /** Ends it in bounded time, whatever state it is in. Never rejects. */
  close(): Promise<void>
}

/** One open transaction of a session. After `commit` or `rollback` nothing of it is called again. */
export interface SessionTransaction extends Runner {
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** Called once, also before the opening has finished. */
export type Lost = (reason: DatabaseError) => void

/**
 * Opens one session. Rejects with `DatabaseError` only, in bounded time. `notified` is called at each notification of a
 * channel that the session listens to.
 */
export type OpenSession = (lost: Lost, notified?: () => void) => Promise<Session>

/** A transaction of a session that has no other means than SQL. */
export async function beginBySql(session: Runner): Promise<SessionTransaction> {
  await session.run({ text: 'begin', params: [] })
  return {
    run: (statement) => session.run(statement),
    commit: async () => {
      await session.run({ text: 'commit', params: [] })
    },
    rollback: async () => {
      await session.run({ text: 'rollback', params: [] })
    },
  }
}
