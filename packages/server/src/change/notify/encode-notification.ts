import { encodeJson, type ResetReason } from '@mqttspec/protocol'
import type { Column, Entity } from '../../entity/entity.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import type { Meaning } from '../match/classify.ts'
import { positionAfter } from '../source/position.ts'

/** The bare value of a row's key, or an object if the key has several columns. */
export function keyOf(entity: Entity, row: Row): unknown {
  const [first] = entity.key
  return entity.key.length === 1 && first ? row[first.name] : pick(entity.key, row)
}

/** Some columns of a row. */
export const pick = (columns: readonly Column[], row: Row): Row =>
  Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]))

/** What of a change's rows a subscription is shown. */
export interface Shown {
  readonly data: Row
  readonly previous: Row | undefined
}

/** How much of a change's rows a subscription is shown. */
export interface Extent {
  /** Of the row its key alone: of one that is gone, out of scope, or under another key. */
  readonly keyOnly: boolean
  /** The old row as well. */
  readonly withPrevious: boolean
}

/** How much of a change's rows a subscription is shown: rows in its scope only, the old one if it wants it. */
export function extentOf(change: Change, meaning: Meaning, { previous, inScope }: Subscription): Extent {
  const withPrevious = previous && change.old !== undefined && inScope.test(change.old) === true
  if (meaning.change !== 'leave') return { keyOnly: false, withPrevious }
  const isGone = !change.new || change.entity.key.some(({ name }) => change.new?.[name] !== meaning.row[name])
  return { keyOnly: isGone || !change.new || inScope.test(change.new) !== true, withPrevious }
}

/** What that comes to for who sees these columns: the new row, or its key; and the old one. */
export function shownTo(
  change: Change,
  meaning: Meaning,
  { keyOnly, withPrevious }: Extent,
  columns: readonly Column[],
): Shown {
  const row = (meaning.change === 'leave' ? change.new : undefined) ?? meaning.row
  return {
    data: keyOnly ? pick(change.entity.key, meaning.row) : pick(columns, row),
    previous: withPrevious && change.old ? pick(columns, change.old) : undefined,
  }
}

/** What of a change's rows a subscription is shown. */
export const shownOf = (change: Change, meaning: Meaning, subscription: Subscription): Shown =>
  shownTo(change, meaning, extentOf(change, meaning, subscription), subscription.columns)

/** The payload that tells a subscription what a change means to it. */
export function encodeNotification(
  change: Change,
  meaning: Meaning,
  subscription: Subscription,
  seq: number,
  shown: Shown = shownOf(change, meaning, subscription),
): string {
  const { entity } = change
  return encodeJson({
    type: 'notification',
    operation: change.operation,
    subscription_id: subscription.id,
    schema: entity.schema,
    entity: entity.name,
    data: shown.data,
    timestamp: change.timestamp,
    change: meaning.change,
    key: keyOf(entity, meaning.row),
    changed: meaning.changed,
    previous: shown.previous,
    at: change.place && positionAfter(subscription.from, change.place),
    seq,
  })
}

/** The payload that tells a subscription to read its set anew. */
export function encodeReset({ id, entity }: Subscription, reason: ResetReason, seq: number): string {
  return encodeJson({
    type: 'notification',
    operation: 'reset',
    subscription_id: id,
    schema: entity.schema,
    entity: entity.name,
    data: { reason },
    timestamp: new Date().toISOString(),
    seq,
  })
}
