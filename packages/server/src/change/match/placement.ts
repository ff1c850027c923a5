import type { ColumnSet } from './column-set.ts'
import type { Range, Scalar } from './index-entries.ts'
import type { SubscriptionGroup } from './subscription-group.ts'

/** One place where the index finds a group: under values of some columns, and there by a range of one more. */
export interface Placement {
  readonly group: SubscriptionGroup
  /** The columns. */
  readonly columnSet: ColumnSet
  readonly key: Scalar
  readonly range: Range | undefined
  /** Tells it from all others of its entity. */
  readonly serial: number
}

/** Takes what a look-up has found. */
export type Visit = (placement: Placement) => void
