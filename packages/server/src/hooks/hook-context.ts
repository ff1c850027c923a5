import type { EntityShape, SpecShape, Where } from '@mqttspec/protocol'

/** The client that a hook is about, with what hooks have noted of it while its session lasts. */
export interface HookClient {
  readonly id: string
  readonly metadata: Readonly<Record<string, unknown>>
  getMetadata(name: string): unknown
  setMetadata(name: string, value: unknown): void
}

interface Common<Auth> {
  /** What `authenticate` returned. */
  readonly auth: Auth
  readonly client: HookClient
}

/** Before anything of a message is done. Throwing refuses it. */
export interface HandleContext<Auth> extends Common<Auth> {
  readonly operation: 'read' | 'create' | 'update' | 'delete' | 'meta' | 'batch' | 'subscribe' | 'unsubscribe'
  readonly entity: string | undefined
}

/** Before a client is let in. Throwing refuses it. */
export interface ConnectContext<Auth> extends Common<Auth> {
  readonly username: string | undefined
  readonly remoteAddress: string | undefined
}

interface OfEntity<Auth, Entity extends EntityShape> extends Common<Auth> {
  readonly entity: string
  /** Narrows what follows for this request, and for the life of a subscription. Nothing widens it. */
  restrict(where: Where<Entity> | boolean): void
}

/** Before rows are read. */
export interface BeforeReadContext<Auth, Entity extends EntityShape> extends OfEntity<Auth, Entity> {
  readonly operation: 'read' | 'subscribe'
}

/** After rows were read, or before a change is told: what is done to the rows is what the client sees. */
export interface AfterReadContext<Auth, Entity extends EntityShape> extends Common<Auth> {
  readonly entity: string
  readonly via: 'read' | 'subscription'
  rows: Partial<Entity['row']>[]
}

/** Before a row is stored or changed, inside the transaction: `data` may be changed, hidden columns set. */
export interface BeforeWriteContext<Auth, Entity extends EntityShape, Data> extends OfEntity<Auth, Entity> {
  data: Data
}

/** Before a row is deleted, inside the transaction. */
export interface BeforeDeleteContext<Auth, Entity extends EntityShape> extends OfEntity<Auth, Entity> {
  /** The row's key, its columns by name. */
  readonly key: Readonly<Record<string, unknown>>
}

/** After a row was written, still inside the transaction: throwing takes it back. */
export interface AfterWriteContext<Auth, Entity extends EntityShape> extends Common<Auth> {
  readonly entity: string
  /** The row as it is stored, hidden columns too; of a delete, as it was. */
  readonly row: Entity['row']
  /** The row as it was before an update. */
  readonly previous: Entity['row'] | undefined
  /** Runs when the transaction has been committed, and not otherwise. */
  afterCommit(run: () => unknown): void
}

/** Before and after a subscription ends. */
export interface SubscriptionContext<Auth> extends Common<Auth> {
  readonly entity: string
  readonly subscriptionId: string
}

/** The 17 hooks, each with what it is given. */
export interface HookContexts<Auth, Entity extends EntityShape> {
  beforeHandle: HandleContext<Auth>
  beforeConnect: ConnectContext<Auth>
  afterConnect: Common<Auth>
  beforeDisconnect: Common<Auth>
  afterDisconnect: Common<Auth>
  beforeRead: BeforeReadContext<Auth, Entity>
  afterRead: AfterReadContext<Auth, Entity>
  beforeCreate: BeforeWriteContext<Auth, Entity, Record<string, unknown> & Partial<Entity['insert']>>
  afterCreate: AfterWriteContext<Auth, Entity>
  beforeUpdate: BeforeWriteContext<Auth, Entity, Record<string, unknown> & Partial<Entity['update']>>
  afterUpdate: AfterWriteContext<Auth, Entity>
  beforeDelete: BeforeDeleteContext<Auth, Entity>
  afterDelete: AfterWriteContext<Auth, Entity>
  beforeSubscribe: BeforeReadContext<Auth, Entity>
  afterSubscribe: SubscriptionContext<Auth>
  beforeUnsubscribe: SubscriptionContext<Auth>
  afterUnsubscribe: SubscriptionContext<Auth>
}

export type HookName = keyof HookContexts<unknown, EntityShape>

/** Hooks that are about one entity, and so can be registered for one. */
export type EntityHookName = Exclude<
  HookName,
  'beforeHandle' | 'beforeConnect' | 'afterConnect' | 'beforeDisconnect' | 'afterDisconnect'
>

/** A hook for every entity of a spec is given rows of any of them. */
export type AnyEntity<Shape extends SpecShape> = keyof Shape extends never ? EntityShape : Shape[keyof Shape]
