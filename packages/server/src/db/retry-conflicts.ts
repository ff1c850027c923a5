import { DatabaseError } from './database-error.ts'

const TRIES = 3
const CONFLICTS = new Set(['40001', '40P01'])

/**
 * Runs a transaction, and again when Postgres has ended it only because it met another one (a deadlock, a failed
 * serialization): three times at most, and nothing of the earlier tries is left. Rejects with that conflict itself, also
 * when it came about in a hook.
 */
export async function retryConflicts<Value>(run: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const conflict = conflictIn(error)
      if (!conflict || attempt === TRIES) throw conflict ?? error
    }
  }
}

/** The conflict that an error, or what it wraps, tells of. */
function conflictIn(error: unknown): DatabaseError | undefined {
  if (error instanceof DatabaseError) return CONFLICTS.has(error.sqlState ?? '') ? error : undefined
  return error instanceof Error && error.cause !== undefined ? conflictIn(error.cause) : undefined
}
