/**
 * What a Postgres type means here, in one place for SQL and for memory: how a JSON value becomes a literal, how a cell
 * becomes JSON, and how two cells compare without asking Postgres.
 */
export interface ColumnKind {
  /** The SQL type as `meta` names it, such as `int4` or `numeric(10, 2)`. */
  readonly type: string
  /** The SQL type that a bound text is cast to: `$1::text::int4`. Trusted text from the schema, never a client's. */
  readonly cast: string
  /** What a value must be, to end a sentence with: `a whole number`. */
  readonly expects: string
  /** Checks a JSON value from a client and gives its Postgres text literal; undefined when the type cannot hold it. */
  encode(value: unknown): string | undefined
  /** The SQL that makes a cell JSON's own form of it; the expression itself where `row_to_json` does it right. */
  select(expression: string): string
  /** Which comparisons SQL has for the type, and how it becomes text for patterns: by itself, by a cast, or not. */
  readonly sql: { readonly equality: boolean; readonly order: boolean; readonly text: 'self' | 'cast' | 'none' }
  /** Of an array, what its elements are. */
  readonly element?: ColumnKind
  /** The same comparisons in memory; left out where only Postgres can decide. */
  readonly memory?: MemoryComparison
}

/** Comparison of JSON cells in memory, with Postgres's result. */
export interface MemoryComparison {
  /** A cell, or an accepted value, in the form that is compared. Done once for a filter's value. */
  decode(value: unknown): unknown
  equal(left: unknown, right: unknown): boolean
  /** Below, at or above zero, as Postgres orders; left out where only Postgres can decide. */
  order?(left: unknown, right: unknown): number
  /** The cell as its `::text`, for patterns; left out where only Postgres can decide. */
  text?(value: unknown): string
}

export const plain = (expression: string): string => expression
export const asText = (expression: string): string => `${expression}::text`
export const identity = (value: unknown): unknown => value
export const same = (left: unknown, right: unknown): boolean => left === right

/** The order of JavaScript's own `<`, for numbers, bigints and ASCII strings. */
export function natural(left: unknown, right: unknown): number {
  const a = left as number
  const b = right as number
  return a < b ? -1 : a > b ? 1 : 0
}
