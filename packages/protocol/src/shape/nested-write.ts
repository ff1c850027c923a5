import type { EntityShape, SpecShape } from './entity-shape.ts'
import type { NoSuch } from './no-such.ts'
import type { WriteMode, Written } from './reference.ts'
import type { RelatedEntity, RelationOf } from './related.ts'

/*
 * What create and update take, with related rows in it. Which columns a relation sets is not in the types of a Drizzle
 * schema; so the columns of a related row whose type could be that of the key that they refer to may be left out.
 */

/** The relations that lead to one row. */
type ToOne<Entity extends EntityShape> = {
  [Relation in RelationOf<Entity>]: Entity['relations'][Relation]['many'] extends true ? never : Relation
}[RelationOf<Entity>]

type Related<Shape extends SpecShape, Entity extends EntityShape, Relation extends RelationOf<Entity>> = RelatedEntity<
  Shape,
  Entity['relations'][Relation]
>

/** The values that a reference to a row of an entity may have. */
type KeyValue<Entity extends EntityShape> = Entity extends unknown
  ? Entity['key'] extends object
    ? Entity['input'][keyof Entity['input']]
    : Entity['key']
  : never

/** Could a column of these values refer to such a key? */
type MayRefer<Value, Key> = [Value] extends [Key]
  ? true
  : [Key] extends [Value]
    ? unknown extends Value
      ? false
      : Date extends Value
        ? false
        : true
    : false

/** Columns of which those that may refer to `Key` can be left out. */
type Loose<Columns, Key> = [Key] extends [never]
  ? Columns
  : Pick<Columns, Exclude<keyof Columns, ReferringIn<Columns, Key>>> & {
      readonly [Name in ReferringIn<Columns, Key>]?: Columns[Name] | undefined
    }

type ReferringIn<Columns, Key> = {
  [Name in keyof Columns]-?: MayRefer<NonNullable<Columns[Name]>, Key> extends true ? Name : never
}[keyof Columns]

/** What a create takes: a row's columns, and under the names of relations the rows to store with it. */
export type InsertOf<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Mode extends WriteMode = 'alone',
  Key = never,
> =
  string extends RelationOf<Entity>
    ? Entity['insert']
    :
        | (Written<Loose<Entity['insert'], Key>, Mode> & InsertsOf<Shape, Entity, Mode>)
        | InsertWithOne<Shape, Entity, Mode, Key, ToOne<Entity>>

// With the row that it belongs to, a row need not name that row's key. (No property may stand in two parts of such a
// type: the compiler would compare them, and with them all that can be reached from there.)
type InsertWithOne<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Mode extends WriteMode,
  Key,
  One extends RelationOf<Entity>,
> = One extends unknown
  ? Written<Loose<Entity['insert'], Key | KeyValue<Related<Shape, Entity, One>>>, Mode> &
      InsertsOf<Shape, Entity, Mode, Exclude<RelationOf<Entity>, One>> & {
        readonly [Relation in One]: InsertOf<Shape, Related<Shape, Entity, Relation>, Mode>
      }
  : never

type InsertsOf<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Mode extends WriteMode,
  Relations extends RelationOf<Entity> = RelationOf<Entity>,
> = {
  readonly [Relation in Relations]?: Entity['relations'][Relation]['many'] extends true
    ? readonly InsertOf<Shape, Related<Shape, Entity, Relation>, Mode, KeyValue<Entity>>[]
    : InsertOf<Shape, Related<Shape, Entity, Relation>, Mode, KeyValue<Entity>>
}

/** What an update takes: the columns to change, and under the names of relations what to do with related rows. */
export type UpdateOf<Shape extends SpecShape, Entity extends EntityShape, Mode extends WriteMode = 'alone'> =
  string extends RelationOf<Entity>
    ? Entity['update']
    : Written<Entity['update'], Mode> & ChangesOf<Shape, Entity, Mode>

/** One row of an update of many: with its key. */
export type PatchOf<Shape extends SpecShape, Entity extends EntityShape, Mode extends WriteMode = 'alone'> =
  string extends RelationOf<Entity> ? Entity['patch'] : Written<Entity['patch'], Mode> & ChangesOf<Shape, Entity, Mode>

type ChangesOf<Shape extends SpecShape, Entity extends EntityShape, Mode extends WriteMode> = {
  readonly [Relation in RelationOf<Entity>]?: Entity['relations'][Relation]['many'] extends true
    ? readonly ChangeOf<
        Shape,
        Related<Shape, Entity, Relation>,
        Mode,
        KeyValue<Entity>,
        Related<Shape, Entity, Relation>['patch']
      >[]
    : // The row that this one refers to is known without its key.
      ChangeOf<
        Shape,
        Related<Shape, Entity, Relation>,
        Mode,
        KeyValue<Entity>,
        Partial<Related<Shape, Entity, Relation>['patch']>
      >
}

type ChangeOf<Shape extends SpecShape, Entity extends EntityShape, Mode extends WriteMode, Key, Patch> =
  | ({ readonly _request?: 'insert' } & InsertOf<Shape, Entity, Mode, Key>)
  | ({ readonly _request: 'update' } & Written<Patch, Mode> & ChangesOf<Shape, Entity, Mode>)
  | ({ readonly _request: 'delete' } & Written<KeyColumns<Entity>, Mode>)

/** The columns of a key: those that a patch must have; of a composite key, any. */
type KeyColumns<Entity extends EntityShape> = [RequiredKeys<Entity['patch']>] extends [never]
  ? Partial<Entity['input']>
  : Pick<Entity['patch'], RequiredKeys<Entity['patch']>>

type RequiredKeys<Of> = { [Name in keyof Of]-?: Of extends Readonly<Record<Name, unknown>> ? Name : never }[keyof Of]

/**
 * Refuses in an inferred row, or list of rows, what it cannot have: a type argument may have more than its bound.
 *
 * (As a condition about a tuple, of which the compiler knows without looking that it may come to `unknown`; and not an
 * intersection of lists, of which it would compare every method.)
 */
export type ExactRow<Shape extends SpecShape, Entity extends EntityShape, Columns, Given> = [
  Excess<Shape, Entity, Columns, RowIn<Given>>,
] extends [never]
  ? unknown
  : Given extends readonly unknown[]
    ? readonly NoSuch<Excess<Shape, Entity, Columns, RowIn<Given>>>[]
    : {
        readonly [Name in Exclude<keyof Given & string, Columns | RelationOf<Entity>>]: NoSuch<Name>
      } & {
        readonly [Name in keyof Given & RelationOf<Entity> as [ExcessIn<Shape, Entity, Name, Given>] extends [never]
          ? never
          : Name]: NoSuch<ExcessIn<Shape, Entity, Name, Given>>
      }

type RowIn<Given> = Given extends readonly (infer Row)[] ? Row : Given

/** The names that a row, or a row under it, cannot have. */
type Excess<Shape extends SpecShape, Entity extends EntityShape, Columns, Given> = Given extends unknown
  ?
      | Exclude<keyof Given & string, Columns | RelationOf<Entity>>
      | {
          [Name in keyof Given & RelationOf<Entity>]: ExcessIn<Shape, Entity, Name, Given>
        }[keyof Given & RelationOf<Entity>]
  : never

// Only what is surely there: what may be there is the bound itself, which has no end.
type ExcessIn<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Name extends RelationOf<Entity>,
  Given,
> = Given extends { readonly [Key in Name]: infer Children }
  ? ExcessInChild<Shape, Related<Shape, Entity, Name>, RowIn<Children>>
  : never

type ExcessInChild<Shape extends SpecShape, Entity extends EntityShape, Child> = Excess<
  Shape,
  Entity,
  keyof Entity['insert'] | keyof Entity['patch'] | '_request',
  Child
>

/** A row as a write gives it back: its columns, and the related rows that were written along. */
export type StoredOf<Shape extends SpecShape, Entity extends EntityShape, Given> = [
  keyof Given & RelationOf<Entity>,
] extends [never]
  ? Entity['row']
  : StoredWith<Shape, Entity, Given>

type StoredWith<Shape extends SpecShape, Entity extends EntityShape, Given> = {
  [Name in keyof Entity['row'] | (keyof Given & RelationOf<Entity>)]: Name extends keyof Given & RelationOf<Entity>
    ? StoredChildren<Shape, Related<Shape, Entity, Name>, Given[Name]>
    : Name extends keyof Entity['row']
      ? Entity['row'][Name]
      : never
} & {}

type StoredChildren<Shape extends SpecShape, Entity extends EntityShape, Given> = Given extends readonly (infer Child)[]
  ? StoredChild<Shape, Entity, Exclude<Child, Deleted>>[]
  : Given extends undefined
    ? undefined
    : Given extends Deleted
      ? null
      : StoredChild<Shape, Entity, Given>

interface Deleted {
  readonly _request: 'delete'
}

type StoredChild<Shape extends SpecShape, Entity extends EntityShape, Given> = Given extends unknown
  ? StoredOf<Shape, Entity, Given>
  : never
