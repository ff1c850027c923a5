import type { RowTest } from '../change/match/row-tests.ts'
import type { DurableHold } from '../change/source/durable-hold.ts'
import type { Position } from '../change/source/position.ts'
import type { Column, Entity } from '../entity/entity.ts'
import type { Condition } from '../query/condition.ts'
import type { LocalSettings } from '../query/local-settings.ts'

/**
 * What one client wants to be told of one entity. Servers have very many, and most of the time they are only there: of
 * the message and of what it came to each keeps what is needed once it has begun.
 */
export interface Subscription {
  readonly id: string
  readonly clientId: string
  readonly entity: Entity
  /** The columns that it sees. */
  readonly columns: readonly Column[]
  /** The rows of its set: in scope, and as its filters say. One test for all whose conditions say the same. */
  matches: RowTest
  /** The rows that it may see at all. */
  readonly inScope: RowTest
  /** Does it want the old row along? */
  readonly previous: boolean
  /** The place in the stream after which it is told of changes, once that is known. */
  from: Position | undefined
  /** Its hold of a name under which it outlives the session. */
  durable?: DurableHold | undefined
  /** The message that asked for it as text: to know it again, and to decide it anew when rights change. */
  readonly asked: string
}

/** A subscription as it was decided, with what only its beginning needs. */
export interface Wanted extends Omit<Subscription, 'id' | 'asked'> {
  /** Its set as a condition, for the database. */
  readonly where: Condition
  /** Under which its rows are read. */
  readonly settings?: LocalSettings | undefined
}
