import { SpecError } from '@mqttspec/protocol'
import { type LoggedRequest, loggedStatement } from '../query/request-log.ts'
import type { Database } from './database.ts'
import { DatabaseError } from './database-error.ts'
import type { Written } from './run-write.ts'

/** What a write came to, now or the first time that it was asked, with the time of its reply. */
export interface WrittenOnce extends Written {
  readonly repliedAt: string
}

/**
 * Runs a write that logs its request in the very transaction. One that has run before is undone by the log's key, and
 * what was answered then is answered again; with `lookFirst` it does not even begin. Rejects with `invalid_message` when the content was another one.
 */
export async function runOnce(
  database: Database,
  log: LoggedRequest,
  lookFirst: boolean,
  run: () => Promise<Written>,
): Promise<WrittenOnce> {
  const before = lookFirst ? await repeated(database, log) : undefined
  if (before) return before
  try {
    return { ...(await run()), repliedAt: log.repliedAt }
  } catch (error) {
    if (error instanceof DatabaseError && error.connectionLost) throw error
    // The log's key tells a repeat; but one may fail before it gets there: the row that it deleted is gone.
    // It can have been pruned in between: then whoever asks again has waited a day, and may ask anew.
    const first = await repeated(database, log)
    if (first) return first
    throw error
  }
}

/** What was answered the first time, if there was one. */
async function repeated(database: Database, log: LoggedRequest): Promise<WrittenOnce | undefined> {
  const [row] = await database.run(loggedStatement(log))
  const [hash, data, repliedAt] = row ?? []
  if (!hash || !data || !repliedAt) return undefined
  if (hash === log.hash) return { data, repliedAt, changes: [] }
  throw new SpecError('invalid_message', 'This id was used for another message; a new message has a new id.', {
    path: ['id'],
  })
}
