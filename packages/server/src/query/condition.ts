import type { ColumnKind } from '../column/column-kind.ts'
import type { Column } from '../entity/entity.ts'
import type { Expression } from '../entity/expression.ts'
import type { Operator } from '../operators/operator.ts'

/** Where in the message something stands, for `details.path`. */
export type Path = readonly (string | number)[]

/** A value on its way into SQL: a Postgres text literal and the type that it is cast to. */
export interface Literal {
  readonly text: string
  readonly cast: string
}

/** What a comparison looks at: a column, or a part of a JSON column in the form that the comparison needs. */
export interface Operand {
  readonly column: Column
  /** The kind that is compared: the column's, or that of the JSON part. */
  readonly kind: ColumnKind
  /** Keys into a JSON column; empty for the column itself. */
  readonly part: readonly string[]
  readonly form: 'column' | 'json' | 'json-text' | 'json-number'
}

/**
 * A filter that has been checked: every name is a column's, every value fits. A tree, so that what the server adds is
 * ANDed around what the client asked, and never inside.
 */
export type Condition =
  | { readonly is: 'all'; readonly of: readonly Condition[] }
  | { readonly is: 'any'; readonly of: readonly Condition[] }
  | { readonly is: 'not'; readonly of: Condition }
  | Comparison
  | { readonly is: 'expression'; readonly of: Expression; readonly path: Path }

/** One comparison, with its values as they came (for memory) and as literals (for SQL). */
export interface Comparison {
  readonly is: 'comparison'
  readonly operand: Operand
  readonly operator: Operator
  readonly values: readonly unknown[]
  readonly literals: readonly Literal[]
  /** Where the filter stands in the message. */
  readonly path: Path
}

/** Holds for every row. */
export const EVERY_ROW: Condition = { is: 'all', of: [] }

/** Holds for no row. */
export const NO_ROW: Condition = { is: 'any', of: [] }
