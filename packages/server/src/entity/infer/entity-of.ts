import type { ColumnsOf, IsView, NameOf, PrimaryOf, WriteMode } from './column-facts.ts'
import type { ComputedOf } from './computed-of.ts'
import type { SumOf } from './number-sums.ts'
import type { RelationsOf } from './relations-of.ts'
import type { InputOf, OrNull, WireOf } from './wire-value.ts'

/** How columns are spelled on the wire. */
export type WireNames = 'property' | 'database'

/** The keys of a schema object that are tables or views. */
export type EntityKey<Schema> = {
  [Key in keyof Schema]: [ColumnsOf<Schema[Key]>] extends [never] ? never : Key
}[keyof Schema] &
  string

/**
 * The shape of one table or view of a Drizzle schema, as clients see it.
 *
 * `Hidden` columns are gone from everything; `Stamped` ones, which the server sets, from what may be written; both are
 * wire names. `Computed` and `Operators` are what `.entity()` was told of these. The key is that of the column marked
 * `.primaryKey()`. A composite key is not visible in a table's type, so its key is an object of any of the columns. A
 * view cannot be written, and has a key only if a column of it is a primary key.
 */
export type EntityOf<
  Schema,
  Name extends keyof Schema,
  Hidden extends string = never,
  Stamped extends string = never,
  Names extends WireNames = 'property',
  Computed = Record<never, never>,
  Operators = Record<never, never>,
> = ShapeFrom<
  Name & string,
  ColumnsOf<Schema[Name]>,
  IsView<Schema[Name]>,
  RelationsOf<Schema, Schema[Name]>,
  PropertyOf<ColumnsOf<Schema[Name]>, Hidden, Names>,
  PropertyOf<ColumnsOf<Schema[Name]>, Stamped, Names>,
  Names,
  Computed,
  Operators
>

// `& {}` makes editors and errors show the columns, and not these types' names.
type Flat<Of> = { [Key in keyof Of]: Of[Key] } & {}

type ShapeFrom<
  Source extends string,
  Columns,
  View,
  Relations,
  Hidden extends string,
  Stamped extends string,
  Names extends WireNames,
  Computed,
  Operators,
> = {
  readonly source: Source
  readonly row: RowOf<Columns, Hidden, Names>
  readonly input: InputsOf<Columns, Hidden, Names>
  readonly insert: View extends true ? never : InsertOf<Columns, Hidden | Stamped, Names>
  readonly update: View extends true ? never : UpdateOf<Columns, Hidden | Stamped | PrimaryOf<Columns>, Names>
  readonly patch: View extends true ? never : PatchOf<Columns, Hidden | Stamped, PrimaryOf<Columns>, Names>
  readonly key: [PrimaryOf<Columns>] extends [never]
    ? View extends true
      ? never
      : Partial<InputsOf<Columns, Hidden, Names>>
    : InputOf<Columns[PrimaryOf<Columns> & keyof Columns]>
  readonly rowKey: [PrimaryOf<Columns>] extends [never]
    ? Partial<RowOf<Columns, Hidden, Names>>
    : WireOf<Columns[PrimaryOf<Columns> & keyof Columns]>
  readonly sums: SumsOf<Columns, Hidden, Names>
  readonly computed: ComputedOf<Computed>
  readonly operators: keyof Operators & string
  readonly relations: Relations
}

/** The properties that columns have by their wire names. */
type PropertyOf<Columns, Wire extends string, Names> = Names extends 'database'
  ? {
      [Key in keyof Columns & string]: NameOf<Columns[Key], Key, Names> extends Wire ? Key : never
    }[keyof Columns & string]
  : Wire

type Kept<Columns, Gone> = Exclude<keyof Columns & string, Gone> & keyof Columns

type RowOf<Columns, Hidden, Names> = {
  [Key in Kept<Columns, Hidden> as NameOf<Columns[Key], Key & string, Names>]: OrNull<
    Columns[Key],
    WireOf<Columns[Key]>
  >
} & {}

type InputsOf<Columns, Hidden, Names> = {
  [Key in Kept<Columns, Hidden> as NameOf<Columns[Key], Key & string, Names>]: InputOf<Columns[Key]>
} & {}

type SumsOf<Columns, Hidden, Names> = {
  [Key in Kept<Columns, Hidden> as [SumOf<Columns[Key]>] extends [never]
    ? never
    : NameOf<Columns[Key], Key & string, Names>]: SumOf<Columns[Key]>
} & {}

type InMode<Columns, Gone, Mode> = {
  [Key in Kept<Columns, Gone>]: WriteMode<Columns[Key]> extends Mode ? Key : never
}[Kept<Columns, Gone>]

type RequiredOf<Columns, Keys extends keyof Columns, Names> = {
  [Key in Keys as NameOf<Columns[Key], Key & string, Names>]: OrNull<Columns[Key], InputOf<Columns[Key]>>
}

type OptionalOf<Columns, Keys extends keyof Columns, Names> = {
  [Key in Keys as NameOf<Columns[Key], Key & string, Names>]?: OrNull<Columns[Key], InputOf<Columns[Key]>> | undefined
}

type InsertOf<Columns, Gone, Names> = Flat<
  RequiredOf<Columns, InMode<Columns, Gone, 'required'>, Names> &
    OptionalOf<Columns, InMode<Columns, Gone, 'optional'>, Names>
>

type UpdateOf<Columns, Gone, Names> = Flat<OptionalOf<Columns, InMode<Columns, Gone, 'required' | 'optional'>, Names>>

type PatchOf<Columns, Gone, Primary extends string, Names> = Flat<
  RequiredOf<Columns, Primary & keyof Columns, Names> & UpdateOf<Columns, Gone | Primary, Names>
>
