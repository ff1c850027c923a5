import { setTimeout as wait } from 'node:timers/promises'
import { encodeJson } from '@mqttspec/protocol'
import { DatabaseError } from '../../db/database-error.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import { classify, type Meaning } from '../match/classify.ts'
import type { ChangeSource, RowSet, SetRows } from '../source/change-source.ts'
import { decodePosition, encodePosition, isAfter, type Position, positionAfter } from '../source/position.ts'
import { encodeNotification, encodeReset, keyOf, pick, type Shown, shownOf } from './encode-notification.ts'
import { NetChanges } from './net-changes.ts'
import { type Notifier, placed } from './notifier.ts'

/**
 * How a subscription begins: just now; with the rows that are there, for one that may have others already told as a
 * reset first; with what has happened since a position, or only with what that has come to.
 */
export type Beginning =
  | { readonly with: 'nothing'; readonly at: Position | undefined }
  | { readonly with: 'rows' | 'rows anew'; readonly set: SetRows }
  | {
      readonly with: 'history' | 'what has changed'
      readonly since: Position
      readonly at: Position
      /** What to read where that is not known any more. */
      readonly of: RowSet
    }

type Past = Extract<Beginning, { readonly since: Position }>

/** What a beginning goes through. */
export interface BeginningSteps {
  readonly source: ChangeSource
  readonly limits: { readonly maxSnapshotRows: number }
  readonly notifier: Notifier
  /** What hooks leave of what a subscription is shown. */
  mask(shown: Shown, subscription: Subscription): Promise<Shown>
}

/**
 * Joins a subscription's beginning and the live stream, with no gap and no repeat. Live changes wait meanwhile; at the
 * end those that the beginning has told of are dropped.
 */
export async function tellBeginning(
  subscription: Subscription,
  beginning: Beginning,
  steps: BeginningSteps,
): Promise<void> {
  const { notifier } = steps
  if (beginning.with === 'nothing') return notifier.begun(subscription, beginning.at)
  await notifier.whenListening(subscription)
  const from = await tellPastAtLength(subscription, beginning, steps)
  if (!from) return
  await notifier.sendFirst(
    subscription,
    (seq) => encodeReady(subscription, from, seq),
    subscription.durable?.sentWhole(from),
  )
  notifier.begun(subscription, from)
}

/** How long it waits for a database that is away. */
const RETRY_MS = 300
/** A database that is away, is full, or has met another one: it may be there the next time. */
const PASSING = /^(08|25|40|53|57|58)/

/** Tells the past, however often the database goes away meanwhile. Resolves with undefined when the subscription ended. */
async function tellPastAtLength(
  subscription: Subscription,
  beginning: Exclude<Beginning, { readonly with: 'nothing' }>,
  steps: BeginningSteps,
): Promise<Position | undefined> {
  let left = beginning
  // What was told of a history is not told again.
  const told = ({ place }: Change) => {
    if (place && 'since' in left) left = { ...left, since: { ...decodePosition(place.at), seen: left.since.seen } }
  }
  while (steps.notifier.has(subscription)) {
    try {
      return await tellPast(subscription, left, steps, told)
    } catch (error) {
      const isPassing = error instanceof DatabaseError && (error.connectionLost || PASSING.test(error.sqlState ?? ''))
      if (!isPassing) throw error
      await wait(RETRY_MS, undefined, { ref: false })
    }
  }
  return undefined
}

/** Tells what comes before the live changes. Resolves with the place up to which that is. */
async function tellPast(
  subscription: Subscription,
  beginning: Exclude<Beginning, { readonly with: 'nothing' }>,
  steps: BeginningSteps,
  told: (change: Change) => void,
): Promise<Position> {
  switch (beginning.with) {
    case 'rows':
      return tellRows(subscription, beginning.set, steps)
    case 'rows anew':
      return tellAnew(subscription, beginning.set, steps)
    case 'history':
      return tellHistory(subscription, beginning, steps, told)
    case 'what has changed':
      return tellNet(subscription, beginning, steps)
  }
}

/** Says that what the client has is worth nothing, and sends the rows. Resolves as `tellRows`. */
async function tellAnew(subscription: Subscription, set: SetRows, steps: BeginningSteps): Promise<Position> {
  subscription.durable?.lost()
  await steps.notifier.sendFirst(subscription, (seq) => encodeReset(subscription, 'history', seq))
  return tellRows(subscription, set, steps)
}

/** Sends the rows of the set. Resolves with the place at which they were. */
async function tellRows(subscription: Subscription, { rows, at }: SetRows, steps: BeginningSteps): Promise<Position> {
  for (const row of rows) {
    const shown = await steps.mask({ data: pick(subscription.columns, row), previous: undefined }, subscription)
    await steps.notifier.sendFirst(subscription, (seq) => encodeRow(subscription, row, shown, seq))
  }
  return at
}

/** Sends what has happened; where that is not known any more, says so and sends the rows. Resolves as `tellRows`. */
async function tellHistory(
  subscription: Subscription,
  { since, at: now, of }: Past,
  steps: BeginningSteps,
  told: (change: Change) => void,
): Promise<Position> {
  const { source } = steps
  for await (const changes of source.history(subscription.entity, since, now)) {
    if (changes === 'gone') return tellAnew(subscription, await source.rows(of), steps)
    for (const change of changes) {
      await tellChange(comingFrom(since, change), subscription, steps)
      told(change)
    }
  }
  return { ...now, seen: since.seen }
}

/** A change with the position after it of one who has come from here. */
function comingFrom(since: Position, change: Change): Change {
  return change.place ? { ...change, place: { ...change.place, at: positionAfter(since, change.place) } } : change
}

/** Sends of each row what has become of it since, instead of all that happened to it. Resolves as `tellHistory`. */
async function tellNet(
  subscription: Subscription,
  { since, at: now, of }: Past,
  steps: BeginningSteps,
): Promise<Position> {
  const { source, limits } = steps
  const net = new NetChanges(subscription)
  for await (const changes of source.history(subscription.entity, since, now)) {
    const isTooMuch = changes === 'gone' || net.size > limits.maxSnapshotRows
    if (isTooMuch) return tellAnew(subscription, await source.rows(of), steps)
    for (const change of changes) net.add(change)
  }
  for (const { change, meaning } of net.all()) await tellMeaning(change, meaning, subscription, steps)
  return { ...now, seen: since.seen }
}

async function tellChange(change: Change, subscription: Subscription, steps: BeginningSteps): Promise<void> {
  for (const meaning of classify(change, subscription)) await tellMeaning(change, meaning, subscription, steps)
}

async function tellMeaning(
  change: Change,
  meaning: Meaning,
  subscription: Subscription,
  { notifier, mask }: BeginningSteps,
): Promise<void> {
  const shown = await mask(shownOf(change, meaning, subscription), subscription)
  const encode = (seq: number) => encodeNotification(change, meaning, subscription, seq, shown)
  await notifier.sendFirst(subscription, encode, placed(subscription, change.place))
}

/** Is a live change one that the subscription is still to be told of? */
export const isNews = ({ from }: Subscription, { place }: Change): boolean => !from || !place || isAfter(from, place)

const head = ({ id, entity }: Subscription) => ({
  type: 'notification',
  subscription_id: id,
  schema: entity.schema,
  entity: entity.name,
  timestamp: new Date().toISOString(),
})

// A row of the beginning has no position: who came back to it would miss the rows after it.
function encodeRow(subscription: Subscription, row: Row, { data }: Shown, seq: number): string {
  const key = keyOf(subscription.entity, row)
  return encodeJson({ ...head(subscription), operation: 'snapshot', change: 'enter', key, data, seq })
}

function encodeReady(subscription: Subscription, from: Position, seq: number): string {
  const at = encodePosition(from)
  return encodeJson({ ...head(subscription), operation: 'ready', data: { at }, at, seq })
}
