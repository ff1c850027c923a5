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

/** A table's relations: the schema key of the table each leads to, and whether to many rows. */
export type RelationsOf<Schema, Source> = RelationsIn<RelationConfigs<Schema>, TableKeys<Schema>, Source>

// Looked up by what has such a property: `keyof` of a mapped type that renames is computed anew each time it is asked.
type At<Map, Name extends string> = Map extends { readonly [Key in Name]: infer Value } ? Value : never

// Both maps as parameters: written out in here, the compiler would compute them anew for each table.
type RelationsIn<Configs, Keys, Source> = Source extends { readonly _: { readonly name: infer Name extends string } }
  ? FromConfig<At<Configs, Name>, Keys>
  : Record<never, never>

type FromConfig<Config, Keys> = [Config] extends [never]
  ? Record<never, never>
  : {
      readonly [Key in keyof Config & string]: {
        readonly entity: Config[Key] extends Relation<infer Name> ? At<Keys, Name> & string : never
        readonly many: Config[Key] extends One ? false : true
      }
    }
