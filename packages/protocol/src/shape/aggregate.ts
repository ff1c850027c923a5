import type { EntityShape } from './entity-shape.ts'
import type { ReadableOf } from './result.ts'

type RowOf<Entity extends EntityShape> = Entity['row'] & Entity['computed']

/** Columns that have a sum: those of numbers, and of the server's own those that may be. */
export type SummableOf<Entity extends EntityShape> =
  | (keyof Entity['sums'] & string)
  | {
      [Name in keyof Entity['computed'] & string]: NumberLike<Entity['computed'][Name], Name>
    }[keyof Entity['computed'] & string]

type NumberLike<Value, Name> = number extends Value ? Name : never

/** Columns that have a least and a greatest value: those of numbers, text and time. */
type OrderedOf<Entity extends EntityShape> = {
  [Name in keyof RowOf<Entity> & string]: unknown extends RowOf<Entity>[Name]
    ? Name
    : NonNullable<RowOf<Entity>[Name]> extends string | number
      ? Name
      : never
}[keyof RowOf<Entity> & string]

/** One figure over rows: how many there are (with a `column`, how many have a value), or a function of a column. */
export type FigureField<Entity extends EntityShape> =
  | { readonly fn: 'count'; readonly column?: ReadableOf<Entity> | undefined }
  | { readonly fn: 'sum' | 'avg'; readonly column: SummableOf<Entity> }
  | { readonly fn: 'min' | 'max'; readonly column: OrderedOf<Entity> }

/** The figures of one group, after the columns that it was grouped by. */
export type FiguresOf<Entity extends EntityShape, Fields, Group> =
  RowOf<Entity> extends infer Row
    ? {
        [Name in (Group & keyof Row) | keyof Fields]: Name extends keyof Fields
          ? FigureOf<Entity, Fields[Name]>
          : Name extends keyof Row
            ? Row[Name]
            : never
      }
    : never

type FigureOf<Entity extends EntityShape, Field> = Field extends { readonly fn: 'count' }
  ? number
  : Field extends { readonly fn: 'sum' | 'avg'; readonly column: infer Column }
    ? Column extends keyof Entity['sums']
      ? Entity['sums'][Column] | null
      : string | number | null
    : Field extends { readonly fn: 'min' | 'max'; readonly column: infer Column extends keyof RowOf<Entity> }
      ? RowOf<Entity>[Column] | null
      : never
