import { equalJson } from '../../column/json-kinds.ts'
import type { Column } from '../../entity/entity.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'

/** What a change means to one subscription's set of rows. */
export interface Meaning {
  readonly change: 'enter' | 'update' | 'leave'
  /** The row that the event is about: the old one of a row that left. */
  readonly row: Row
  /** The columns that an update changed, of those that the subscription sees. */
  readonly changed?: readonly string[]
}

/** A change's rows as far as they are in a set; neither, and the change is not about it. */
export interface Membership {
  readonly was: Row | undefined
  readonly is: Row | undefined
}

/** What a change means to a subscription: nothing, one event, or two where a row's key has changed. */
export function classify(change: Change, { matches, columns }: Subscription): readonly Meaning[] {
  const was = change.old && matches.test(change.old) === true ? change.old : undefined
  const is = change.new && matches.test(change.new) === true ? change.new : undefined
  return meaningsOf(change, { was, is }, columns)
}

/** What a change means to a set whose rows are seen with these columns. */
export function meaningsOf(change: Change, { was, is }: Membership, columns: readonly Column[]): readonly Meaning[] {
  if (!was) return is ? [{ change: 'enter', row: is }] : []
  if (!is) return [{ change: 'leave', row: was }]
  if (change.entity.key.some(({ name }) => was[name] !== is[name])) {
    return [
      { change: 'leave', row: was },
      { change: 'enter', row: is },
    ]
  }
  const changed = columns.filter(({ name }) => !equalJson(was[name], is[name])).map(({ name }) => name)
  return changed.length > 0 ? [{ change: 'update', row: is, changed }] : []
}
