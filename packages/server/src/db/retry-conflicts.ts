import { DatabaseError } from './database-error.ts'

const TRIES = 3
const CONFLICTS = new Set(['40001', '40P01'])

/**
 * Runs a transaction, and again when Postgres has ended it only because it met another one (a deadlock, a failed
 * serialization): three times at most, and nothing of the earlier tries is left.
 */
export async function retryConflicts<Value>(run: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const again = error instanceof DatabaseError && CONFLICTS.has(error.sqlState ?? '') && attempt < TRIES
      if (!again) throw error
    }
  }
}
