/**
 * One entity in types only: what a client needs to know of a table, as the wire carries it. The server infers it from
 * the Drizzle schema; nothing of it exists at run time.
 */
export interface EntityShape {
  /** What relations that lead here name: the table's key in the Drizzle schema. */
  readonly source: string
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
  /** For each column of numbers, what its sum and average are: of floats a number, else a string of all digits. */
  readonly sums: object
  /** The server's own columns, by their wire types: read, filtered and sorted by when they are named, never written. */
  readonly computed: object
  /** The names of the server's own operators. */
  readonly operators: string
  readonly relations: Readonly<Record<string, RelationShape>>
}

/** A relation: the `source` of the entity it leads to, and whether to many rows. */
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

/**
 * The shape that a server's type carries. (As one mapped type: a server's is an intersection with a part for each
 * entity, and the compiler would go through all of them wherever it stands.)
 */
export type ShapeOf<Api> = Api extends { readonly '~shape': infer Shape extends SpecShape }
  ? { readonly [Name in keyof Shape]: Shape[Name] }
  : never
