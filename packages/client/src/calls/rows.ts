import type { ExactRow, InsertOf, PatchOf, SpecShape, StoredOf, UpdateOf, WriteMode } from '@mqttspec/protocol'
import type { EntityName } from './entity-name.ts'

/*
 * What writes take and give, by the name of an entity. Maps, and each with an `as`: of `Inserts<Shape>[Name]` the
 * compiler then knows all that it may be once and for all. Of `InsertOf<Shape, Shape[Name]>` it would compute that for
 * every property of every call, which costs minutes with a hundred tables.
 */

/** What a create takes. */
export type Inserts<Shape extends SpecShape, Mode extends WriteMode = 'alone'> = {
  readonly [Name in keyof Shape as Name]: InsertOf<Shape, Shape[Name], Mode>
}

/** What an update takes. */
export type Updates<Shape extends SpecShape, Mode extends WriteMode = 'alone'> = {
  readonly [Name in keyof Shape as Name]: UpdateOf<Shape, Shape[Name], Mode>
}

/** One row of an update of many. */
export type Patches<Shape extends SpecShape, Mode extends WriteMode = 'alone'> = {
  readonly [Name in keyof Shape as Name]: PatchOf<Shape, Shape[Name], Mode>
}

/** What a write gives: a row, or rows. */
export type Stored<Shape extends SpecShape, Name extends EntityName<Shape>, Data> = Data extends readonly (infer Row)[]
  ? StoredOf<Shape, Shape[Name], Row>[]
  : StoredOf<Shape, Shape[Name], Data>

/** Refuses in a row, or in rows, what they cannot have. */
export type Exact<
  Shape extends SpecShape,
  Name extends EntityName<Shape>,
  Kind extends 'insert' | 'update' | 'patch',
  Data,
> = ExactRow<Shape, Shape[Name], keyof Shape[Name][Kind], Data>
