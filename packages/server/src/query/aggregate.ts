import type { Column, Entity } from '../entity/entity.ts'
import type { Condition } from './condition.ts'

/** A figure over the rows of a group. */
export interface Figure {
  /** Its name in the answer: a client's text, so it is bound and never written into SQL. */
  readonly alias: string
  readonly fn: 'count' | 'sum' | 'avg' | 'min' | 'max'
  /** What it is a figure of; a count without one counts rows. */
  readonly column: Column | undefined
}

/** Figures per group, checked. Without groups there is one, of all rows. */
export interface AggregateRead {
  readonly entity: Entity
  readonly where: Condition
  readonly groupBy: readonly Column[]
  readonly figures: readonly Figure[]
  readonly sort: readonly {
    readonly by: Column | Figure
    readonly descending: boolean
    readonly nulls: 'first' | 'last' | undefined
  }[]
  readonly limit: number
  readonly offset: number
}
