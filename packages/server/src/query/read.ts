import type { Column, Entity, Relation } from '../entity/entity.ts'
import type { Condition } from './condition.ts'

/** One column to sort by. */
export interface SortTerm {
  readonly column: Column
  readonly descending: boolean
  readonly nulls: 'first' | 'last' | undefined
}

/** What of each row an answer has: its columns, and related rows. */
export interface Selection {
  readonly entity: Entity
  readonly columns: readonly Column[]
  readonly preload: readonly PreloadRead[]
}

/** Related rows to send along with each row, checked. */
export interface PreloadRead extends Selection {
  readonly relation: Relation
  /** The relations that lead here from the top: `posts.comments`. */
  readonly place: string
  readonly where: Condition
  readonly sort: readonly SortTerm[]
  /** Rows per parent. */
  readonly limit: number
  readonly offset: number
}

/** Where a page begins: just after, or just before, a row. */
export interface Cursor {
  readonly direction: 'forward' | 'backward'
  /** The row's sort columns as Postgres writes them; or which row it is, to be looked up. */
  readonly edge: { readonly values: readonly (string | null)[] } | { readonly row: Condition }
}

/** A read of a page of rows that has been checked. */
export interface ReadMany extends Selection {
  readonly where: Condition
  /** Ends with the primary key, so that the order is the same every time. */
  readonly sort: readonly SortTerm[]
  readonly limit: number
  readonly offset: number
  readonly total: 'exact' | 'capped' | false
  readonly cursor: Cursor | undefined
}

/** A read of one row that has been checked. */
export interface ReadOne extends Selection {
  readonly where: Condition
}

/** A read of one row and of its place in a sorted list. */
export interface ReadRank extends Selection {
  /** Which row. */
  readonly row: Condition
  /** Which list. */
  readonly where: Condition
  readonly sort: readonly SortTerm[]
}
