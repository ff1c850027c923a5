import type { EntityShape, SpecShape, Where } from '@mqttspec/protocol'
import type { PgRemoteDatabase } from 'drizzle-orm/pg-proxy'

/** The server's own way to its database: Drizzle with the spec's schema. No scope, permission or hook applies to it. */
export type ServerDatabase<Schema> = Schema extends Record<string, unknown> ? PgRemoteDatabase<Schema> : object

/** The client that a hook is about, with what hooks have noted of it while its session lasts. */
export interface HookClient {
  readonly id: string
  readonly metadata: Readonly<Record<string, unknown>>
  getMetadata(name: string): unknown
  setMetadata(name: string, value: unknown): void
}

interface Common<Auth, Schema> {
  /** What `authenticate` returned. */
  readonly auth: Auth
  readonly client: HookClient
  /**
   * Drizzle bound to the transaction of this request, where there is one: what is written by it is taken back with the
   * request, and told to subscribers once it is committed. In other hooks, and in what runs after the commit, it is the
   * database itself. It is under no scope: what is done by it, the server does.
   */
  readonly db: ServerDatabase<Schema>
}

/** Before anything of a message is done. Throwing refuses it. */
export interface HandleContext<Auth, Schema = unknown> extends Common<Auth, Schema> {
  readonly operation: 'read' | 'create' | 'update' | 'delete' | 'meta' | 'batch' | 'subscribe' | 'unsubscribe'
  readonly entity: string | undefined
}

/** Before a client is let in. Throwing refuses it. */
export interface ConnectContext<Auth, Schema = unknown> extends Common<Auth, Schema> {
  readonly username: string | undefined
  readonly remoteAddress: string | undefined
}

interface OfEntity<Auth, Entity extends EntityShape, Schema = unknown> extends Common<Auth, Schema> {
  readonly entity: string
  /** Narrows what follows for this request, and for the life of a subscription. Nothing widens it. */
  restrict(where: Where<Entity> | boolean): void
}

/** Before rows are read. */
export interface BeforeReadContext<Auth, Entity extends EntityShape, Schema = unknown>
  extends OfEntity<Auth, Entity, Schema> {
  readonly operation: 'read' | 'subscribe'
}

/** After rows were read, or before a change is told: what is done to the rows is what the client sees. */
export interface AfterReadContext<Auth, Entity extends EntityShape, Schema = unknown> extends Common<Auth, Schema> {
  readonly entity: string
  readonly via: 'read' | 'subscription'
  rows: Partial<Entity['row']>[]
}

/** Before a row is stored or changed, inside the transaction: `data` may be changed, hidden columns set. */
export interface BeforeWriteContext<Auth, Entity extends EntityShape, Data, Schema = unknown>
  extends OfEntity<Auth, Entity, Schema> {
  data: Data
}

/** Before a row is deleted, inside the transaction. */
export interface BeforeDeleteContext<Auth, Entity extends EntityShape, Schema = unknown>
  extends OfEntity<Auth, Entity, Schema> {
  /** The row's key, its columns by name. */
  readonly key: Readonly<Record<string, unknown>>
}

/** After a row was written, still inside the transaction: throwing takes it back. */
export interface AfterWriteContext<Auth, Entity extends EntityShape, Schema = unknown> extends Common<Auth, Schema> {
  readonly entity: string
  /** The row as it is stored, hidden columns too; of a delete, as it was. */
  readonly row: Entity['row']
  /** The row as it was before an update. */
  readonly previous: Entity['row'] | undefined
  /** Runs when the transaction has been committed, and not otherwise. */
  afterCommit(run: () => unknown): void
}

/** Before and after a subscription ends. */
export interface SubscriptionContext<Auth, Schema = unknown> extends Common<Auth, Schema> {
  readonly entity: string
  readonly subscriptionId: string
}

/** The 17 hooks, each with what it is given. */
export interface HookContexts<Auth, Entity extends EntityShape, Schema = unknown> {
  beforeHandle: HandleContext<Auth, Schema>
  beforeConnect: ConnectContext<Auth, Schema>
  afterConnect: Common<Auth, Schema>
  beforeDisconnect: Common<Auth, Schema>
  afterDisconnect: Common<Auth, Schema>
  beforeRead: BeforeReadContext<Auth, Entity, Schema>
  afterRead: AfterReadContext<Auth, Entity, Schema>
  beforeCreate: BeforeWriteContext<Auth, Entity, Record<string, unknown> & Partial<Entity['insert']>, Schema>
  afterCreate: AfterWriteContext<Auth, Entity, Schema>
  beforeUpdate: BeforeWriteContext<Auth, Entity, Record<string, unknown> & Partial<Entity['update']>, Schema>
  afterUpdate: AfterWriteContext<Auth, Entity, Schema>
  beforeDelete: BeforeDeleteContext<Auth, Entity, Schema>
  afterDelete: AfterWriteContext<Auth, Entity, Schema>
  beforeSubscribe: BeforeReadContext<Auth, Entity, Schema>
  afterSubscribe: SubscriptionContext<Auth, Schema>
  beforeUnsubscribe: SubscriptionContext<Auth, Schema>
  afterUnsubscribe: SubscriptionContext<Auth, Schema>
}

export type HookName = keyof HookContexts<unknown, EntityShape>

/** Hooks that are about one entity, and so can be registered for one. */
export type EntityHookName = Exclude<
  HookName,
  'beforeHandle' | 'beforeConnect' | 'afterConnect' | 'beforeDisconnect' | 'afterDisconnect'
>

/** A hook for every entity of a spec is given rows of any of them. */
export type AnyEntity<Shape extends SpecShape> = keyof Shape extends never ? EntityShape : Shape[keyof Shape]
