import type { EntityShape } from './entity-shape.ts'

/** The comparisons of one column, NULL aside. Several at once are ANDed. */
export interface Comparisons<Value> {
  eq?: Value
  neq?: Value
  gt?: Value
  gte?: Value
  lt?: Value
  lte?: Value
  in?: readonly Value[]
  not_in?: readonly Value[]
  between?: readonly [low: Value, high: Value]
  between_inclusive?: readonly [low: Value, high: Value]
  /** The caller's own `%` and `_`, on the column's text. */
  like?: string
  ilike?: string
  /** Case-insensitive; `%` and `_` are literal. On an array column: has the element. */
  contains?: Value extends readonly (infer Element)[] ? Element : string
  startswith?: string
  endswith?: string
  is_null?: true
  is_not_null?: true
}

/** What may stand for a column in `where`: a value (equal), null (is null), or comparisons. */
export type Condition<Value> = Value | null | Comparisons<Value>

/** Columns that hold JSON objects, whose parts may be named by a path. */
type JsonColumn<Row> = {
  [Column in keyof Row & string]: NonNullable<Row[Column]> extends string | number | boolean | readonly unknown[]
    ? never
    : Column
}[keyof Row & string]

/** A typed filter: columns are ANDed; `and`, `or` and `not` nest. A part of a JSON column is `'prefs.theme'`. */
export type Where<Entity extends EntityShape> = {
  [Column in keyof Entity['input']]?: Condition<Entity['input'][Column]>
} & { [Path in `${JsonColumn<Entity['row']>}.${string}`]?: Condition<string | number | boolean> } & {
  and?: readonly Where<Entity>[]
  or?: readonly Where<Entity>[]
  not?: Where<Entity>
}
