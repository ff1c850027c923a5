import type { Column, Entity, ForeignKey, Relation } from '../entity/entity.ts'
import type { Condition, Literal, Path } from './condition.ts'

/** Values for some columns of one row; null is NULL. */
export type RowValues = ReadonlyMap<Column, Literal | null>

/** One row to write, with what is written to its related rows. */
export interface RowWrite {
  readonly values: RowValues
  readonly children: readonly ChildWrites[]
  readonly check: RowCheck | undefined
}

/** What must hold of a row once it is written, or the write is undone. */
export interface RowCheck {
  /** The writer's scope: else it is `forbidden`. */
  readonly scope: Condition
  /** Rows that it refers to and that must be in their entity's scope: else it is as if they were not there. */
  readonly references: readonly (ForeignKey & { readonly entity: Entity; readonly scope: Condition })[]
}

/** What is written to the rows of one relation of a row. */
export interface ChildWrites {
  readonly relation: Relation
  readonly entity: Entity
  readonly rows: readonly ChildWrite[]
}

/** One related row to insert, to change or to delete. A row that is belonged to needs no key: the parent refers to it. */
export type ChildWrite =
  | { readonly request: 'insert'; readonly row: RowWrite; readonly path: Path }
  | { readonly request: 'update'; readonly row: RowWrite; readonly where: Condition; readonly path: Path }
  | { readonly request: 'delete'; readonly where: Condition; readonly path: Path }

/** What a create does with a row whose unique columns are taken. */
export interface OnConflict {
  readonly columns: readonly Column[]
  readonly do: 'update' | 'nothing'
}

/** Rows to store, checked. */
export interface Create {
  readonly entity: Entity
  readonly rows: readonly RowWrite[]
  readonly onConflict: OnConflict | undefined
  /** The rows that the writer may see: of others, a conflict tells nothing. */
  readonly visible: Condition
}

/** One row to change or to delete: how it is found, and what must hold of it then. */
export interface Target {
  readonly entity: Entity
  /** The row's key, one text literal a key column, in the key's order. */
  readonly key: readonly string[]
  readonly where: Condition
  /** `options.if`: what must hold, or nothing is written. */
  readonly holds: Condition | undefined
}

/** One row to change, checked. */
export interface Update extends Target {
  readonly row: RowWrite
}

/** A checked write of one row, or of a list of rows; the reply has the same form. */
export type Write =
  | { readonly is: 'create'; readonly list: boolean; readonly create: Create }
  | { readonly is: 'update'; readonly list: boolean; readonly updates: readonly Update[] }
  | { readonly is: 'delete'; readonly list: boolean; readonly deletes: readonly Target[] }
