import type { EntityShape, RelationShape, SpecShape } from './entity-shape.ts'

/** The names of entities by their source. Computed once for a shape. */
type NamesBySource<Shape extends SpecShape> = { readonly [Name in keyof Shape as Shape[Name]['source']]: Name }

// Looked up by what has such a property: `keyof` of a mapped type that renames is computed anew each time it is asked.
type At<Map, Source extends string> = Map extends { readonly [Key in Source]: infer Name } ? Name : never

/**
 * The entity that a relation leads to; never when the server has none over that table. A table that is registered
 * twice gives a union of both: what they have in common can be used.
 */
export type RelatedEntity<Shape extends SpecShape, Relation extends RelationShape> = Shape[At<
  NamesBySource<Shape>,
  Relation['entity']
> &
  keyof Shape]

/** The names of an entity's relations. */
export type RelationOf<Entity extends EntityShape> = keyof Entity['relations'] & string

/** Related rows as an answer has them: a list, or one that may not be there. */
export type RelatedValue<Many, Row> = Many extends true ? Row[] : Row | null
