import type { Column, Entity } from '../entity/entity.ts'
import type { Condition, Literal } from './condition.ts'

/** Values for some columns of one row; null is NULL. */
export type RowValues = ReadonlyMap<Column, Literal | null>

/** Rows to store, checked. */
export interface Create {
  readonly entity: Entity
  readonly rows: readonly RowValues[]
}

/** One row to change, checked. */
export interface Update {
  readonly entity: Entity
  /** The row's key, one text literal a key column, in the key's order. */
  readonly key: readonly string[]
  readonly where: Condition
  readonly values: RowValues
}

/** One row to delete, checked. */
export interface Delete {
  readonly entity: Entity
  readonly key: readonly string[]
  readonly where: Condition
}
