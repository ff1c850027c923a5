import type { SubscribeRequest } from '@mqttspec/protocol'
import type { RowTest } from '../change/match/compile-condition.ts'
import type { DurableHold } from '../change/source/durable-hold.ts'
import type { Position } from '../change/source/position.ts'
import type { Column, Entity } from '../entity/entity.ts'
import type { Condition } from '../query/condition.ts'
import type { LocalSettings } from '../query/local-settings.ts'

/** What one client wants to be told of one entity. */
export interface Subscription {
  readonly id: string
  readonly clientId: string
  readonly entity: Entity
  /** The columns that it sees. */
  readonly columns: readonly Column[]
  /** Its set as a condition, for the database. */
  readonly where: Condition
  /** Under which its rows are read. */
  readonly settings?: LocalSettings | undefined
  /** The rows of its set: in scope, and as its filters say. */
  readonly matches: RowTest
  /** The rows that it may see at all. */
  readonly inScope: RowTest
  /** Does it want the old row along? */
  readonly previous: boolean
  /** The place in the stream after which it is told of changes, once that is known. */
  from: Position | undefined
  /** Its hold of a name under which it outlives the session. */
  durable?: DurableHold | undefined
  readonly request: SubscribeRequest
  /** The message that asked for it as text, to know it again. */
  readonly asked: string
}
