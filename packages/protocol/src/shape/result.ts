import type { EntityShape } from './entity-shape.ts'

/** A column's name, as `columns` takes it. */
export type ColumnOf<Entity extends EntityShape> = keyof Entity['row'] & string

/** A column to sort by: ascending, or with `-` before it descending. */
export type SortKey<Entity extends EntityShape> = ColumnOf<Entity> | `-${ColumnOf<Entity>}`

/** What of an entity a call asks for. */
export interface Selection<Entity extends EntityShape> {
  readonly columns?: readonly ColumnOf<Entity>[]
  readonly omitColumns?: readonly ColumnOf<Entity>[]
}

/** A row as a selection gives it. */
export type Selected<Entity extends EntityShape, Chosen> = Chosen extends {
  readonly columns: readonly (infer Column)[]
}
  ? Pick<Entity['row'], Column & keyof Entity['row']>
  : Chosen extends { readonly omitColumns: readonly (infer Column)[] }
    ? Omit<Entity['row'], Column & string>
    : Entity['row']
