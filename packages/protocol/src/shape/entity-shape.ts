/**
 * One entity in types only: what a client needs to know of a table, as the wire carries it. The server infers it from
 * the Drizzle schema; nothing of it exists at run time.
 */
export interface EntityShape {
  /** A row as it is read: column to wire type, hidden columns left out. */
  readonly row: object
  /** For each column, the values that may be sent, NULL aside: where a Date or bigint is stored, also those. */
  readonly input: object
  /** What a create takes. */
  readonly insert: object
  /** What an update takes. */
  readonly update: object
  /** One row of an update of many: the columns of its key, and what changes. */
  readonly patch: object
  /** What names a row in a call: a value, or for a composite key an object of its columns. */
  readonly key: unknown
  /** The same as an event carries it. */
  readonly rowKey: unknown
  readonly relations: Readonly<Record<string, RelationShape>>
}

/** A relation: the wire name of the entity it leads to, and whether to many rows. */
export interface RelationShape {
  readonly entity: string
  readonly many: boolean
}

/** Every entity of a server by wire name. */
export type SpecShape = Readonly<Record<string, EntityShape>>

/** Whatever carries a shape as a type: what `typeof api` of a server gives to `connect<typeof api>()`. */
export interface HasShape<Shape extends SpecShape = SpecShape> {
  readonly '~shape': Shape
}

/** The shape that a server's type carries. */
export type ShapeOf<Api> = Api extends { readonly '~shape': infer Shape extends SpecShape } ? Shape : never
