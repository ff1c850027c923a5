import { encodeJson, type ResetReason } from '@mqttspec/protocol'
import type { Column, Entity } from '../../entity/entity.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import type { Meaning } from '../match/classify.ts'

/** The bare value of a row's key, or an object if the key has several columns. */
export function keyOf(entity: Entity, row: Row): unknown {
  const [first] = entity.key
  return entity.key.length === 1 && first ? row[first.name] : pick(entity.key, row)
}

/** Some columns of a row. */
export const pick = (columns: readonly Column[], row: Row): Row =>
  Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]))

/** What of the row is sent: the new one; of a row that is gone, out of scope, or under another key, its key alone. */
function dataOf(change: Change, meaning: Meaning, subscription: Subscription): Row {
  if (meaning.change !== 'leave') return pick(subscription.columns, meaning.row)
  const isGone = !change.new || change.entity.key.some(({ name }) => change.new?.[name] !== meaning.row[name])
  const isHidden = isGone || !change.new || subscription.inScope(change.new) !== true
  return isHidden || !change.new ? pick(change.entity.key, meaning.row) : pick(subscription.columns, change.new)
}

/** What of a change's rows a subscription is shown. */
export interface Shown {
  readonly data: Row
  readonly previous: Row | undefined
}

/** What of a change's rows a subscription is shown: the columns that it sees, of rows in its scope. */
export function shownOf(change: Change, meaning: Meaning, subscription: Subscription): Shown {
  const { previous, columns, inScope } = subscription
  const old = previous && change.old && inScope(change.old) === true ? change.old : undefined
  return { data: dataOf(change, meaning, subscription), previous: old && pick(columns, old) }
}

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
    at: change.place?.at,
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
