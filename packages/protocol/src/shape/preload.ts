import type { EntityShape, SpecShape } from './entity-shape.ts'
import type { NoSuch } from './no-such.ts'
import type { RelatedEntity, RelatedValue, RelationOf } from './related.ts'
import type { ColumnOf, Flat, ReadableOf, Selected, SortColumn, SortOption } from './result.ts'
import type { ExcessInWhere, TypedFilter, Where } from './where.ts'

/** Nothing was asked for. */
export type None = Record<never, never>

/** The related rows to read along, by relation. */
export type WithOf<Shape extends SpecShape, Entity extends EntityShape> = {
  readonly [Relation in RelationOf<Entity>]?: RelatedOption<Shape, RelatedEntity<Shape, Entity['relations'][Relation]>>
}

// A relation to a table that is no entity cannot be asked for.
type RelatedOption<Shape extends SpecShape, Entity extends EntityShape> = [Entity] extends [never]
  ? never
  : true | WithOptions<Shape, Entity>

/** What of one relation to read along. `limit` and `offset` count for each parent row by itself. */
export interface WithOptions<Shape extends SpecShape, Entity extends EntityShape> {
  readonly columns?: readonly ReadableOf<Entity>[] | undefined
  readonly omitColumns?: readonly ReadableOf<Entity>[] | undefined
  readonly where?: Where<Entity> | undefined
  readonly filters?: readonly TypedFilter<Entity>[] | undefined
  readonly sort?: SortOption<ReadableOf<Entity>> | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly with?: WithOf<Shape, Entity> | undefined
}

/** One relation to read along, in the wire's own form. */
export type PreloadOf<Shape extends SpecShape, Entity extends EntityShape> = {
  [Relation in RelationOf<Entity>]: PreloadOptions<Shape, Relation, RelatedEntity<Shape, Entity['relations'][Relation]>>
}[RelationOf<Entity>]

interface PreloadOptions<Shape extends SpecShape, Relation extends string, Entity extends EntityShape> {
  readonly relation: [Entity] extends [never] ? never : Relation
  readonly columns?: readonly ReadableOf<Entity>[] | undefined
  readonly omit_columns?: readonly ReadableOf<Entity>[] | undefined
  readonly filters?: readonly TypedFilter<Entity>[] | undefined
  readonly sort?: readonly SortColumn<ReadableOf<Entity>>[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly preload?: readonly PreloadOf<Shape, Entity>[] | undefined
}

/** A row as a read gives it: what was selected of it, and the related rows that were asked for by `With` or `Preload`. */
export type ReadRow<Shape extends SpecShape, Entity extends EntityShape, Column, Omitted, With, Preload> = [
  keyof With | Preload,
] extends [never]
  ? Selected<Entity, Column, Omitted>
  : Flat<Selected<Entity, Column, Omitted> & RowsOfWith<Shape, Entity, With> & RowsOfPreload<Shape, Entity, Preload>>

type RowsOfWith<Shape extends SpecShape, Entity extends EntityShape, With> = {
  [Relation in keyof With & RelationOf<Entity>]: RowsOf<Shape, Entity, Relation, With[Relation]>
}

type RowsOfPreload<Shape extends SpecShape, Entity extends EntityShape, Preload> = {
  [Item in Preload as Item extends { readonly relation: infer Relation extends string }
    ? Relation
    : never]: Item extends {
    readonly relation: infer Relation extends RelationOf<Entity>
  }
    ? RowsOf<Shape, Entity, Relation, Item>
    : never
}

/** The related rows of one relation, as its options (of either form) give them. */
type RowsOf<Shape extends SpecShape, Entity extends EntityShape, Relation extends RelationOf<Entity>, Options> =
  RelatedEntity<Shape, Entity['relations'][Relation]> extends infer Related extends EntityShape
    ? RelatedValue<
        Entity['relations'][Relation]['many'],
        ReadRow<
          Shape,
          Related,
          Options extends { readonly columns: readonly (infer Column)[] } ? Column : ColumnOf<Related>,
          Options extends { readonly omitColumns: readonly (infer Column)[] }
            ? Column
            : Options extends { readonly omit_columns: readonly (infer Column)[] }
              ? Column
              : never,
          Options extends { readonly with: infer With } ? With : None,
          Options extends { readonly preload: readonly (infer Preload)[] } ? Preload : never
        >
      >
    : never

/** Refuses in an inferred `with` what `WithOf` does not have: a type argument may have more than its bound. */
export type ExactWith<Shape extends SpecShape, Entity extends EntityShape, With> = {
  readonly [Relation in keyof With]: Relation extends RelationOf<Entity>
    ? ExactOptions<Shape, RelatedEntity<Shape, Entity['relations'][Relation]>, With[Relation]>
    : NoSuch<Relation>
}

type ExactOptions<Shape extends SpecShape, Entity extends EntityShape, Options> = Options extends object
  ? {
      readonly [Name in keyof Options]: Name extends 'with'
        ? ExactWith<Shape, Entity, Options[Name]>
        : Name extends 'where'
          ? Refuse<ExcessInWhere<Entity, Options[Name]>>
          : Name extends keyof WithOptions<Shape, Entity>
            ? unknown
            : NoSuch<Name>
    }
  : unknown

type Refuse<Names> = [Names] extends [never] ? unknown : NoSuch<Names>
