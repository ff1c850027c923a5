import type { EntityShape, HasShape, SpecShape, Where } from '@mqttspec/protocol'
import type { SQL } from 'drizzle-orm'
import type { SessionSettings } from './access/check-settings.ts'
import type { Operation } from './access/rules.ts'
import { createServer, type Server, type SpecRules } from './create-server.ts'
import type { DatabaseSource } from './db/open-database.ts'
import { checkDeclaration, type SchemaSource } from './entity/check-declaration.ts'
import type { Casing, EntityDeclaration, EntityOptions, WireNames } from './entity/entity-options.ts'
import type { EntityKey, EntityOf } from './entity/infer/entity-of.ts'
import type { AnyEntity, EntityHookName, HookContexts, HookName } from './hooks/hook-context.ts'
import type { Registered } from './hooks/hooks.ts'
import { install } from './install.ts'
import type { ListenOptions } from './listen-options.ts'
import type { Credentials } from './session/identity.ts'
import type { StandardSchema } from './session/standard-schema.ts'

/** What a spec is made of. */
export interface SpecOptions<Schema, Names extends WireNames, Auth> {
  /** The Drizzle tables and `relations()`, as a module exports them. */
  readonly schema: Schema
  /** Names on the wire: Drizzle's properties (the default), or the database's columns. */
  readonly wireNames?: Names
  /** Drizzle's `casing`, if the schema relies on it. */
  readonly casing?: Casing
  /** The form of what `authenticate` returns, in zod or any other Standard Schema; it is the `auth` of every rule. */
  readonly auth?: StandardSchema<Auth>
  /**
   * Tells who a client is, by its CONNECT packet, or behind an external broker by its `connect` message. Throws, or
   * returns nothing, for one that may not come in. A JWT's `exp` in what it returns ends the connection then.
   */
  readonly authenticate?: (credentials: Credentials) => unknown
  /** Names whose a client id is; by default `sub`, `userId`, `user_id` or `id` of `auth`. */
  readonly principal?: (auth: Auth) => string
  /**
   * Settings of Postgres, such as `{ 'app.tenant': auth.tenant }`, under which every statement of a client runs, so that
   * row-level security can go by them. Subscriptions are bounded by `scope` alone, and need one then.
   */
  readonly session?: (auth: Auth) => SessionSettings
}

/** How one table is registered. */
export interface TypedEntityOptions<
  Name extends string,
  Column extends string,
  Stamped extends string,
  Table,
  Auth,
  All extends EntityShape,
  Computed,
  OperatorName extends string,
> {
  /** Its name on the wire, where it is not to be its key in the schema. */
  readonly name?: Name
  /** Columns that no client can see, name or write. */
  readonly omit?: readonly Column[]
  /** Columns that the server sets on each new row, and that no client may send. */
  readonly stamp?: { readonly [Name in Stamped]: (auth: Auth) => unknown }
  /**
   * The rows that who asks may see, change and make: a filter, true for all, false for none. It is ANDed around every
   * read, write, preload and subscription, and a row that is written must lie in it.
   */
  readonly scope?: (auth: Auth) => Where<All> | boolean
  /** What may be done at all; everything that is not named. */
  readonly allow?: Readonly<Partial<Record<Operation, boolean | ((auth: Auth) => boolean)>>>
  /** Named expressions that a client may ask for in `columns`, filter by and sort by. */
  readonly computed?: { readonly [Name in keyof Computed]: (table: Table) => SQL<Computed[Name]> }
  /**
   * Named conditions that a client may filter by, in `customOperators`. The value is what the client sent: check it;
   * in `sql` it becomes a parameter, never text.
   */
  readonly operators?: { readonly [Name in OperatorName]: (table: Table, value: unknown) => SQL }
}

/** Computed columns by what their `sql<T>` gives, as `EntityOf` takes them. */
type Expressions<Computed> = { readonly [Name in keyof Computed]: (table: never) => SQL<Computed[Name]> }

type ColumnName<Schema, Key extends keyof Schema, Names extends WireNames> = keyof EntityOf<
  Schema,
  Key,
  never,
  never,
  Names
>['row'] &
  string

/**
 * What a server serves: the entities that were declared, and no others. Its type is all that a client needs:
 * `connect<typeof api>(url)`.
 */
export class Spec<Schema, Names extends WireNames, Auth, Shape extends SpecShape> implements HasShape<Shape> {
  /** A type only: the shape of every entity, for the client's inference. */
  declare readonly '~shape': Shape
  readonly #source: SchemaSource & SpecRules
  readonly #declarations: readonly EntityDeclaration[]

  /** @internal Use `defineSpec`. */
  constructor(source: SchemaSource & SpecRules, declarations: readonly EntityDeclaration[]) {
    this.#source = source
    this.#declarations = declarations
  }

  /** Declares that clients may reach a table. Throws when the table has no primary key, or a name is taken. */
  entity<
    const Key extends EntityKey<Schema> & keyof Schema,
    const Name extends string = Key,
    const Hidden extends ColumnName<Schema, Key, Names> = never,
    const Stamped extends ColumnName<Schema, Key, Names> = never,
    Computed = Record<never, never>,
    OperatorName extends string = never,
  >(
    schemaKey: Key,
    options: TypedEntityOptions<
      Name,
      Hidden,
      Stamped,
      Schema[Key],
      Auth,
      EntityOf<Schema, Key, never, never, Names>,
      Computed,
      OperatorName
    > = {},
  ): Spec<
    Schema,
    Names,
    Auth,
    Shape & {
      readonly [Entity in Name]: EntityOf<
        Schema,
        Key,
        Hidden,
        Stamped,
        Names,
        Expressions<Computed>,
        Record<OperatorName, unknown>
      >
    }
  > {
    // What a user's expressions take is the table of this entity, aliased.
    const declaration: EntityDeclaration = { schemaKey, options: options as unknown as EntityOptions }
    checkDeclaration(this.#source, declaration)
    const nameOf = (entity: EntityDeclaration) => entity.options.name ?? entity.schemaKey
    if (this.#declarations.some((other) => nameOf(other) === nameOf(declaration))) {
      throw new Error(`entity "${nameOf(declaration)}" is declared twice; give one another name`)
    }
    return new Spec(this.#source, [...this.#declarations, declaration])
  }

  /**
   * Registers a hook: for every entity, or for one. Hooks run in the order of their registration; those of a write
   * inside its transaction, where a throw takes it back.
   */
  hook<Name extends HookName>(
    name: Name,
    run: (context: HookContexts<Auth, AnyEntity<Shape>, Schema>[Name]) => unknown,
  ): Spec<Schema, Names, Auth, Shape>
  hook<Name extends EntityHookName, Entity extends keyof Shape & string>(
    name: Name,
    entity: Entity,
    run: (context: HookContexts<Auth, Shape[Entity], Schema>[Name]) => unknown,
  ): Spec<Schema, Names, Auth, Shape>
  hook(name: HookName, ...rest: readonly [Registered['run']] | readonly [string, Registered['run']]) {
    const [entity, run] = rest.length === 1 ? [undefined, rest[0]] : rest
    const hooks = [...this.#source.hooks, { name, entity, run }]
    return new Spec<Schema, Names, Auth, Shape>({ ...this.#source, hooks }, this.#declarations)
  }

  /**
   * Sets the change stream up in a Postgres database without a server, as `listen({ install: true })` does: for a role
   * that may, where the server's may not. The tables are there already. Running it again is fine.
   */
  install(database: DatabaseSource): Promise<void> {
    return install(this.#source, this.#declarations, database)
  }

  /** Starts a server. Resolves when clients can connect; rejects with what to do when it cannot start. */
  listen(options: ListenOptions = {}): Promise<Server<Schema, Auth>> {
    return createServer(this.#source, this.#declarations, options) as Promise<Server<Schema, Auth>>
  }
}

/** Begins a spec over a Drizzle schema; nothing of it can be reached until `.entity()` says so. */
export function defineSpec<
  Schema extends Record<string, unknown>,
  const Names extends WireNames = 'property',
  Auth = undefined,
>(
  options: SpecOptions<Schema, Names, Auth>,
  // biome-ignore lint/complexity/noBannedTypes: no entity has been declared yet
): Spec<Schema, Names, Auth, {}> {
  const { schema, wireNames = 'property', casing, auth, authenticate, principal, session } = options
  if (auth && !authenticate) throw new Error('defineSpec: auth is the form of what authenticate returns; give both')
  return new Spec({ schema, wireNames, casing, authSchema: auth, authenticate, principal, session, hooks: [] }, [])
}
