import { decodeJson, encodeJson, type SubscribeRequest } from '@mqttspec/protocol'
import type { RowTest } from '../change/match/row-tests.ts'
import type { SubscriptionGroup } from '../change/match/subscription-group.ts'
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
  /** What asked for it, by `askedOf`: to know it again, and to decide it anew when rights change. */
  readonly asked: string
  /** Where the index has it; undefined when it has not. */
  group: SubscriptionGroup | undefined
  /** When it came into the index, as a number that goes up: it is told of what happens after that. */
  joined: number
  /** The number of its last notification; undefined when it is told of nothing. */
  seq: number | undefined
}

/** What a message asks for. */
export type Asked = Pick<SubscribeRequest, 'id' | 'schema' | 'entity' | 'options'>

/** What a message asks for, as text; what all such messages have, and who sends them, is left out. */
export const askedOf = ({ id, schema, entity, options }: Asked): string => encodeJson({ id, schema, entity, options })

/** What `askedOf` has made a text of. */
export const readAsked = (text: string): Asked => decodeJson(text) as Asked

/** A subscription as it was decided, with what only its beginning needs. */
export interface Wanted
  extends Pick<Subscription, 'clientId' | 'entity' | 'columns' | 'matches' | 'inScope' | 'previous'> {
  /** Its set as a condition, for the database. */
  readonly where: Condition
  /** Under which its rows are read. */
  readonly settings?: LocalSettings | undefined
}

/** A subscription that is nowhere yet. Each field by name: an object that is spread takes twice the memory. */
export const newSubscription = (
  { clientId, entity, columns, matches, inScope, previous }: Wanted,
  id: string,
  asked: string,
): Subscription => ({
  id,
  clientId,
  entity,
  columns,
  matches,
  inScope,
  previous,
  from: undefined,
  durable: undefined,
  asked,
  group: undefined,
  joined: 0,
  seq: undefined,
})
