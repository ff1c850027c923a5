import type { EntityShape, Notification, ResetReason } from '@mqttspec/protocol'

interface Position {
  /** When the server told it, RFC 3339 in UTC. */
  readonly timestamp: string
  /** Counts 1, 2, 3 … per subscription at the server; 0 for what the client tells by itself. */
  readonly seq: number
}

interface Change<Key, Operation> extends Position {
  readonly operation: Operation
  readonly key: Key
  /** The position in the change stream just after this event. */
  readonly at: string | undefined
}

/** A row came into the set: it was created, or changed so that it matches now. */
export interface EnterEvent<Row, Key> extends Change<Key, 'create' | 'update' | 'snapshot'> {
  readonly type: 'enter'
  readonly data: Row
  readonly changed: readonly (keyof Row & string)[] | undefined
  /** With `previous: true`, the row as it was. */
  readonly previous: Row | undefined
}

/** A row of the set changed, and is still in it. */
export interface UpdateEvent<Row, Key> extends Change<Key, 'update'> {
  readonly type: 'update'
  readonly data: Row
  /** The visible columns that changed. */
  readonly changed: readonly (keyof Row & string)[]
  readonly previous: Row | undefined
}

/** A row left the set: it was deleted, or changed so that it no longer matches. `data` is at least its key. */
export interface LeaveEvent<Row, Key> extends Change<Key, 'update' | 'delete'> {
  readonly type: 'leave'
  readonly data: Partial<Row>
  readonly changed: readonly (keyof Row & string)[] | undefined
  readonly previous: Row | undefined
}

/** The snapshot or replay is over; from here on it is live. */
export interface ReadyEvent extends Position {
  readonly type: 'ready'
  readonly operation: 'ready'
  readonly at: string | undefined
}

/**
 * Changes may have been missed: read anew. Every change from here on is told again.
 *
 * `history`: the connection was lost, or what was missed is no longer known. `gap`: notifications were lost on the way.
 * The others come from the server: `rights` and `schema` changed, `slow` reading, the table was emptied by `truncate`.
 */
export interface ResetEvent extends Position {
  readonly type: 'reset'
  readonly operation: 'reset'
  readonly reason: ResetReason | 'gap'
  readonly at: string | undefined
}

/** What a subscription tells. `type` says what it means to the set of rows that was asked for. */
export type SubscriptionEvent<Row = Record<string, unknown>, Key = unknown> =
  | EnterEvent<Row, Key>
  | UpdateEvent<Row, Key>
  | LeaveEvent<Row, Key>
  | ReadyEvent
  | ResetEvent

/** The events of one entity. */
export type EventOf<Entity extends EntityShape, Row = Entity['row']> = SubscriptionEvent<Row, Entity['rowKey']>

/** A notification as an event; undefined when it means nothing to this version. */
export function eventOf(notification: Notification): SubscriptionEvent | undefined {
  const { operation, data, timestamp, seq, at, key, changed, previous } = notification
  const reset = operation === 'reset'
  if (reset || operation === 'ready') {
    const told = (data ?? {}) as { at?: string; reason?: ResetReason }
    const common = { timestamp, seq, at: at ?? told.at }
    return reset
      ? { type: 'reset', operation, reason: told.reason ?? 'history', ...common }
      : { type: 'ready', operation, ...common }
  }
  if (!notification.change) return undefined
  return { type: notification.change, operation, key, data, changed, previous, at, timestamp, seq } as SubscriptionEvent
}

/** A reset that the client tells by itself. */
export function resetEvent(reason: 'history' | 'gap'): ResetEvent {
  return { type: 'reset', operation: 'reset', reason, at: undefined, timestamp: new Date().toISOString(), seq: 0 }
}
