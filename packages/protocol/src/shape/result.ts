import type { EntityShape } from './entity-shape.ts'

/** A column's name, as `columns` takes it. */
export type ColumnOf<Entity extends EntityShape> = keyof Entity['row'] & string

/** A column to sort by: ascending, or with `-` before it descending. */
export type SortKey<Entity extends EntityShape> = ColumnOf<Entity> | `-${ColumnOf<Entity>}`

/** One column to sort by in full. */
export interface SortColumn<Entity extends EntityShape> {
  readonly column: ColumnOf<Entity>
  readonly direction?: 'asc' | 'desc'
  readonly nulls?: 'first' | 'last'
}

/** What of an entity a call asks for: only `columns`, and none of `omitColumns`. */
export interface Selection<Column, Omitted> {
  readonly columns?: readonly Column[] | undefined
  readonly omitColumns?: readonly Omitted[] | undefined
}

/** A row as a selection gives it. (A conditional type, so that editors show its columns and not this type's name.) */
export type Selected<Entity extends EntityShape, Column, Omitted = never> = Entity['row'] extends infer Row
  ? { [Name in Exclude<Column, Omitted> & keyof Row]: Row[Name] }
  : never
