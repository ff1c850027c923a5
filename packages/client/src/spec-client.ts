import type { ColumnOf, EntityShape, Selected, SpecShape, Where } from '@mqttspec/protocol'
import type { ConnectionState } from './connection/connection-state.ts'
import type { Meta } from './operations/meta.ts'
import type { Page } from './operations/read.ts'
import type {
  CallOptions,
  ChangeCall,
  CountCall,
  GetCall,
  ReadCall,
  SubscribeCall,
  TotalOption,
} from './options/call-options.ts'
import type { EventOf } from './subscription/event.ts'
import type { Subscription } from './subscription/subscription.ts'

/** The name of an entity. */
export type EntityName<Shape extends SpecShape> = keyof Shape & string

/** The state of the connection, to look at and to follow. */
export interface ConnectionView {
  readonly state: ConnectionState
  /** Calls `listener` with each new state, until the function that it returns is called. */
  subscribe(listener: (state: ConnectionState) => void): () => void
}

type TotalOf<Total> = Total extends false ? undefined : number

/**
 * A typed client of one server.
 *
 * Every call rejects with a `SpecError`: the server's, or `timeout`, `closed`, `auth_error` and `payload_too_large` of
 * its own. A write resolves when it is committed. It is sent again with the same id, and so runs once, until it is
 * answered or out of time; a `timeout` says `details.outcome: 'unknown'` when it may have been carried out.
 */
export interface SpecClient<Shape extends SpecShape> extends AsyncDisposable {
  readonly clientId: string
  readonly connection: ConnectionView

  /** Reads a page of rows: 100 unless `limit` says otherwise, in the order of the primary key unless `sort` does. */
  read<
    Name extends EntityName<Shape>,
    Column extends ColumnOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ColumnOf<Shape[Name]> = never,
    Total extends TotalOption = false,
  >(
    entity: Name,
    options?: ReadCall<Shape[Name], Column, Omitted, Total>,
  ): Promise<Page<Selected<Shape[Name], Column, Omitted>, TotalOf<Total>>>

  /** Reads one row by its key; null when there is none that this client may see. */
  get<
    Name extends EntityName<Shape>,
    Column extends ColumnOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ColumnOf<Shape[Name]> = never,
  >(
    entity: Name,
    key: Shape[Name]['key'],
    options?: GetCall<Column, Omitted>,
  ): Promise<Selected<Shape[Name], Column, Omitted> | null>

  /** Counts the rows that match. */
  count<Name extends EntityName<Shape>>(
    entity: Name,
    where?: Where<Shape[Name]>,
    options?: CountCall<Shape[Name]>,
  ): Promise<number>

  /** Stores one row, or many in one transaction; gives what was stored, defaults and all. */
  create<Name extends EntityName<Shape>>(
    entity: Name,
    data: Shape[Name]['insert'],
    options?: CallOptions,
  ): Promise<Shape[Name]['row']>
  create<Name extends EntityName<Shape>>(
    entity: Name,
    data: readonly Shape[Name]['insert'][],
    options?: CallOptions,
  ): Promise<Shape[Name]['row'][]>

  /** Changes one row by its key, or many in one transaction, each with its key among its columns. */
  update<Name extends EntityName<Shape>>(
    entity: Name,
    key: Shape[Name]['key'],
    data: Shape[Name]['update'],
    options?: ChangeCall<Shape[Name]>,
  ): Promise<Shape[Name]['row']>
  update<Name extends EntityName<Shape>>(
    entity: Name,
    rows: readonly Shape[Name]['patch'][],
    options?: CallOptions,
  ): Promise<Shape[Name]['row'][]>

  /** Deletes one row by its key, or many in one transaction and tells how many. */
  delete<Name extends EntityName<Shape>>(
    entity: Name,
    keys: readonly Shape[Name]['key'][],
    options?: CallOptions,
  ): Promise<number>
  delete<Name extends EntityName<Shape>>(
    entity: Name,
    key: Shape[Name]['key'],
    options?: ChangeCall<Shape[Name]>,
  ): Promise<void>

  /** Asks to be told of every change to the rows that match. */
  subscribe<
    Name extends EntityName<Shape>,
    Column extends ColumnOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ColumnOf<Shape[Name]> = never,
  >(
    entity: Name,
    options?: SubscribeCall<Shape[Name], Column, Omitted>,
  ): Subscription<EventOf<Shape[Name], Selected<Shape[Name], Column, Omitted>>>

  /** Asks what an entity is made of. */
  meta(entity: EntityName<Shape>, options?: CallOptions): Promise<Meta>

  /** Asks whether the server is there; resolves with the round trip in milliseconds. */
  ping(options?: CallOptions): Promise<number>

  /** Ends everything: calls that wait reject with `closed`, subscriptions end. Calling it again is fine. */
  close(): Promise<void>
}

/** The shape of a client that was not told any: every name and value is taken. */
export type UntypedShape = Readonly<Record<string, UntypedEntity>>

interface UntypedEntity extends EntityShape {
  readonly row: Record<string, unknown>
  readonly input: Record<string, unknown>
  readonly insert: Record<string, unknown>
  readonly update: Record<string, unknown>
  readonly patch: Record<string, unknown>
}
