import type { One, Relation, Relations } from 'drizzle-orm'

/** Tables by their name in the database: the key each has in the schema object. Computed once for a schema. */
export type TableKeys<Schema> = {
  [Key in keyof Schema as Schema[Key] extends {
    readonly _: { readonly brand: 'Table'; readonly name: infer Name extends string }
  }
    ? Name
    : never]: Key
}

/** The relations() of each table, by the table's name in the database. Computed once for a schema. */
export type RelationConfigs<Schema> = {
  [Key in keyof Schema as Schema[Key] extends Relations<infer Name> ? Name : never]: Schema[Key] extends Relations<
    string,
    infer Config
  >
    ? Config
    : never
}

type Target<Schema, Of> =
  Of extends Relation<infer Name>
    ? Name extends keyof TableKeys<Schema>
      ? TableKeys<Schema>[Name] & string
      : never
    : never

/** A table's relations: the schema key of the table each leads to, and whether to many rows. */
export type RelationsOf<Schema, Source> = Source extends { readonly _: { readonly name: infer Name } }
  ? Name extends keyof RelationConfigs<Schema>
    ? {
        readonly [Key in keyof RelationConfigs<Schema>[Name] & string]: {
          readonly entity: Target<Schema, RelationConfigs<Schema>[Name][Key]>
          readonly many: RelationConfigs<Schema>[Name][Key] extends One ? false : true
        }
      }
    : Record<never, never>
  : Record<never, never>
