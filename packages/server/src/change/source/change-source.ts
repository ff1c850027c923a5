import type { Change } from '../change.ts'

/** Takes the changes of one transaction, together and in the order in which they happened. */
export type ChangeSink = (changes: readonly Change[]) => void

/**
 * Where changes come from. A source that reads the database's own log is a sibling of the one that is told.
 *
 * - It MUST hand on each committed change once, and nothing that was rolled back.
 * - It MUST hand on the changes of one row in the order in which they were committed.
 */
export interface ChangeSource {
  start(sink: ChangeSink): Promise<void>
  /** This server's own write has been committed and answered; a source that reads a log may look now. */
  committed(changes: readonly Change[]): void
  stop(): Promise<void>
}
