import type { EntityShape } from './entity-shape.ts'
import type { ColumnOf } from './result.ts'

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

type Conditions<Inputs> = { readonly [Column in keyof Inputs]?: Condition<Exclude<Inputs[Column], null>> }

/**
 * A typed filter: columns are ANDed; `and`, `or` and `not` nest. A part of a JSON column is `'prefs.theme'`. `Computed`
 * are the server's own columns that may be named too.
 */
export type Where<Entity extends EntityShape, Computed = Entity['computed']> = Conditions<Entity['input']> &
  Conditions<Computed> & { readonly [Path in JsonPath<Entity>]?: Condition<Scalar> } & {
    readonly and?: readonly Where<Entity, Computed>[]
    readonly or?: readonly Where<Entity, Computed>[]
    readonly not?: Where<Entity, Computed>
  }

type Logic = 'AND' | 'OR'

/** A filter in the wire's own form, typed by its entity. */
export type TypedFilter<Entity extends EntityShape, Computed = Entity['computed']> =
  | {
      readonly column: ColumnOf<Entity> | (keyof Computed & string) | JsonPath<Entity>
      readonly operator: Operator
      readonly value?: unknown
      readonly logic_operator?: Logic
    }
  | { readonly and: readonly TypedFilter<Entity, Computed>[]; readonly logic_operator?: Logic }
  | { readonly or: readonly TypedFilter<Entity, Computed>[]; readonly logic_operator?: Logic }
  | { readonly not: TypedFilter<Entity, Computed>; readonly logic_operator?: Logic }

/** The names that an inferred `where` has and `Where` has not: a type argument may have more than its bound. */
export type ExcessInWhere<Entity extends EntityShape, Given> = Given extends unknown
  ? { [Name in keyof Given]: ExcessAt<Entity, Name, Given> }[keyof Given]
  : never

// Only what is surely there: what may be there is the bound itself, which has no end.
type ExcessAt<Entity extends EntityShape, Name, Given> = Name extends 'and' | 'or'
  ? Given extends { readonly [Key in Name]: readonly (infer Item)[] }
    ? ExcessInWhere<Entity, Item>
    : never
  : Name extends 'not'
    ? Given extends { readonly [Key in Name]: infer Item }
      ? ExcessInWhere<Entity, Item>
      : never
    : Name extends keyof Entity['input'] | keyof Entity['computed'] | JsonPath<Entity>
      ? Given extends { readonly [Key in Name]: infer Value }
        ? ExcessInCondition<Value>
        : never
      : Name

type ExcessInCondition<Given> = Given extends Scalar | Date | Uint8Array | readonly unknown[] | null
  ? never
  : Exclude<keyof Given, Operator>
