import type { EntityShape } from './entity-shape.ts'

/** The comparisons of one column, NULL aside. Several at once are ANDed. */
export interface Comparisons<Value> {
  readonly eq?: Value
  readonly neq?: Value
  readonly gt?: Value
  readonly gte?: Value
  readonly lt?: Value
  readonly lte?: Value
  readonly in?: readonly Value[]
  readonly not_in?: readonly Value[]
  readonly between?: readonly [low: Value, high: Value]
  readonly between_inclusive?: readonly [low: Value, high: Value]
  /** The caller's own `%` and `_`, on the column's text. */
  readonly like?: string
  readonly ilike?: string
  /** Case-insensitive; `%` and `_` are literal. On an array column: has the element. */
  readonly contains?: Value extends readonly (infer Element)[] ? Element : string
  readonly startswith?: string
  readonly endswith?: string
  readonly is_null?: true
  readonly is_not_null?: true
}

/** An operator by its first name. */
export type Operator = keyof Comparisons<unknown>

type Scalar = string | number | bigint | boolean

/** What of a column's values may stand for `eq` by itself; a JSON object would read as comparisons. */
type Bare<Value> = unknown extends Value
  ? Scalar | null
  : Value extends Scalar | Date | Uint8Array | readonly unknown[]
    ? Value
    : never

/** What may stand for a column in `where`: a value (equal), null (is null), or comparisons. */
export type Condition<Value> = Bare<Value> | null | Comparisons<Value>

/** Columns that hold JSON, whose parts may be named by a path. */
type JsonColumn<Row> = {
  [Column in keyof Row & string]: NonNullable<Row[Column]> extends Scalar | readonly unknown[] ? never : Column
}[keyof Row & string]

/** A part of a JSON column, such as `prefs.theme`. */
export type JsonPath<Entity extends EntityShape> = `${JsonColumn<Entity['row']>}.${string}`

/** A typed filter: columns are ANDed; `and`, `or` and `not` nest. A part of a JSON column is `'prefs.theme'`. */
export type Where<Entity extends EntityShape> = {
  readonly [Column in keyof Entity['input']]?: Condition<Entity['input'][Column]>
} & { readonly [Path in JsonPath<Entity>]?: Condition<Scalar> } & {
  readonly and?: readonly Where<Entity>[]
  readonly or?: readonly Where<Entity>[]
  readonly not?: Where<Entity>
}

type Logic = 'AND' | 'OR'

/** A filter in the wire's own form, typed by its entity. */
export type TypedFilter<Entity extends EntityShape> =
  | {
      readonly column: (keyof Entity['row'] & string) | JsonPath<Entity>
      readonly operator: Operator
      readonly value?: unknown
      readonly logic_operator?: Logic
    }
  | { readonly and: readonly TypedFilter<Entity>[]; readonly logic_operator?: Logic }
  | { readonly or: readonly TypedFilter<Entity>[]; readonly logic_operator?: Logic }
  | { readonly not: TypedFilter<Entity>; readonly logic_operator?: Logic }
