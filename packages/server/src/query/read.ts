import type { Column, Entity } from '../entity/entity.ts'
import type { Condition } from './condition.ts'

/** One column to sort by. */
export interface SortTerm {
  readonly column: Column
  readonly descending: boolean
  readonly nulls: 'first' | 'last' | undefined
}

/** A read of a page of rows that has been checked. */
export interface ReadMany {
  readonly entity: Entity
  readonly columns: readonly Column[]
  readonly where: Condition
  /** Ends with the primary key, so that the order is the same every time. */
  readonly sort: readonly SortTerm[]
  readonly limit: number
  readonly offset: number
  readonly total: 'exact' | 'capped' | false
}

/** A read of one row that has been checked. */
export interface ReadOne {
  readonly entity: Entity
  readonly columns: readonly Column[]
  readonly where: Condition
}
