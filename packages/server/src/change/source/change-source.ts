import type { ReadPlace } from '../../db/run-read.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Condition } from '../../query/condition.ts'
import type { LocalSettings } from '../../query/local-settings.ts'
import type { Change, Place, Row } from '../change.ts'
import type { DurableNames } from './durable-names.ts'
import type { Position } from './position.ts'
import type { StreamStatus } from './stream-status.ts'

/** What a source tells. */
export interface ChangeSink {
  /**
   * The changes of one transaction, together and in the order in which they happened. Where they concern so many that
   * telling them takes a while, resolves when they are told: who can wait reads no more until then.
   */
  changed(changes: readonly Change[]): Promise<void> | undefined
  /** What happened to this entity's rows can not be told one by one: its sets are to be read anew. */
  lost(entity: Entity, reason: 'truncate' | 'schema' | 'history', place: Place | undefined): void
}

/**
 * Where changes come from. A source that reads the database's own log is a sibling of the one that is told.
 *
 * - It MUST hand on each committed change once, and nothing that was rolled back.
 * - It MUST hand on the changes of one row in the order in which they were committed, and none before one that it
 *   could have seen.
 */
export interface ChangeSource {
  /** Does it keep what has happened, so that a subscription can begin with the past? */
  readonly keepsHistory: boolean
  /** The subscriptions that outlive their sessions, where the past is kept. */
  readonly durables: DurableNames | undefined
  start(sink: ChangeSink): Promise<void>
  /** This server's own write has been committed; a source that reads a log may look now. */
  committed(changes: readonly Change[]): void
  /** Something may have been committed past it, by code of the user's own in this process. */
  stirred(): void
  /** How a read tells its place in the stream. */
  readonly place: ReadPlace | undefined
  /** The place in the stream at which a subscription begins, now; undefined when the source keeps no history. */
  now(): Promise<Position | undefined>
  /** As `now`, with a position for all that is committed by now: what was acknowledged before it is history. */
  caughtUp(): Promise<Position | undefined>
  /**
   * The changes of an entity after one place and up to another, transaction by transaction. Ends with `gone` when the
   * history is not there any more, or was never this stream's.
   */
  history(entity: Entity, after: Position, upTo: Position): AsyncIterable<readonly Change[] | 'gone'>
  /** The rows of a set, and the place in the stream at which that is true. */
  rows(set: RowSet): Promise<SetRows>
  /** How it is, the database asked; undefined when it keeps no history. Rejects with `DatabaseError`. */
  status(): Promise<StreamStatus | undefined>
  /** How it was a moment ago, for who can not wait. */
  readonly lastStatus: StreamStatus | undefined
  stop(): Promise<void>
}

/** The rows of an entity for which a condition holds, read under settings of Postgres if there are any. */
export interface RowSet {
  readonly entity: Entity
  readonly where: Condition
  readonly settings?: LocalSettings | undefined
}

/** Rows with every column, and the place in the stream at which they were. */
export interface SetRows {
  readonly rows: readonly Row[]
  readonly at: Position
}
