import type { EntityShape } from './entity-shape.ts'

/** A column of the table. */
export type ColumnOf<Entity extends EntityShape> = keyof Entity['row'] & string

/** A column of the server's own. */
export type ComputedOf<Entity extends EntityShape> = keyof Entity['computed'] & string

/** A column that can be named in a read: of the table, or the server's own. */
export type ReadableOf<Entity extends EntityShape> = ColumnOf<Entity> | ComputedOf<Entity>

/** A column to sort by: ascending, or with `-` before it descending. */
export type SortKey<Column extends string> = Column | `-${Column}`

/** One column to sort by in full. */
export interface SortColumn<Column extends string> {
  readonly column: Column
  readonly direction?: 'asc' | 'desc'
  readonly nulls?: 'first' | 'last'
}

/** One column to sort by, or several. */
export type SortOption<Column extends string> =
  | SortKey<Column>
  | SortColumn<Column>
  | readonly (SortKey<Column> | SortColumn<Column>)[]

/** What of an entity a call asks for: only `columns`, and none of `omitColumns`. */
export interface Selection<Column, Omitted> {
  readonly columns?: readonly Column[] | undefined
  readonly omitColumns?: readonly Omitted[] | undefined
}

/** A row as a selection gives it. (A conditional type, so that editors show its columns and not this type's name.) */
export type Selected<Entity extends EntityShape, Column, Omitted = never> = Entity['row'] &
  Entity['computed'] extends infer Row
  ? { [Name in Exclude<Column, Omitted> & keyof Row]: Row[Name] }
  : never

/** The same type, shown as the properties that it has. */
export type Flat<Of> = { [Key in keyof Of]: Of[Key] } & {}
