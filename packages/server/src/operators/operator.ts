import type { ColumnKind } from '../column/column-kind.ts'

/** SQL's three truth values; null is unknown. */
export type Truth = boolean | null

/** What stands on the right of an operator. */
export type Takes = 'nothing' | 'value' | 'list' | 'pair' | 'pattern' | 'part'

/** What a column's type must have for an operator: equality, an order, a text, or nothing at all. */
export type Needs = 'equality' | 'order' | 'text' | 'nothing'

/**
 * What a filter's operator means, once: its value, its SQL and its test in memory side by side, held together by a
 * property test against Postgres.
 */
export interface Operator {
  readonly name: string
  /** What else it is called. All are read in any case. */
  readonly spellings: readonly string[]
  readonly takes: Takes
  readonly needs: Needs
  /** SQL for a column's expression and its bound values, in the order of the filter's. */
  sql(column: string, values: readonly string[]): string
  /** A filter's values in the form that cells are held against; made once for a filter, and as small as it can be. */
  wanted(kind: ColumnKind, values: readonly unknown[], folding: Folding): unknown
  /** The same as `sql` in memory, for all filters of a kind: holds a cell (never undefined) against what is wanted. */
  test(kind: ColumnKind, folding: Folding): CellTest
}

/** Holds a cell against what `wanted` has made of a filter's values. */
export type CellTest = (cell: unknown, wanted: unknown) => Truth

/** How a column's letters lose their case: A to Z only under the C collation, else each character by itself. */
export type Folding = 'ascii' | 'unicode'
