import type { ColumnOf, EntityShape, Selected, SpecShape } from '@mqttspec/protocol'
import type { EntityName } from './calls/entity-name.ts'
import type { ReadCalls } from './calls/read-calls.ts'
import type { WriteCalls } from './calls/write-calls.ts'
import type { ConnectionState } from './connection/connection-state.ts'
import type { Meta } from './operations/meta.ts'
import type { CallOptions, SubscribeCall } from './options/call-options.ts'
import type { EventOf } from './subscription/event.ts'
import type { Subscription } from './subscription/subscription.ts'

/** The state of the connection, to look at and to follow. */
export interface ConnectionView {
  readonly state: ConnectionState
  /** Calls `listener` with each new state, until the function that it returns is called. */
  subscribe(listener: (state: ConnectionState) => void): () => void
}

/**
 * A typed client of one server.
 *
 * Every call rejects with a `SpecError`: the server's, or `timeout`, `closed`, `auth_error`, `payload_too_large` and
 * `invalid_data` of its own. A write resolves when it is committed. It is sent again with the same id, and so runs once,
 * until it is answered or out of time; a `timeout` says `details.outcome: 'unknown'` when it may have been carried out.
 */
export interface SpecClient<Shape extends SpecShape> extends ReadCalls<Shape>, WriteCalls<Shape>, AsyncDisposable {
  readonly clientId: string
  readonly connection: ConnectionView
  /** How many writes are kept for want of an answer: those with `offline: 'queue'`. */
  readonly keptWrites: number

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
  readonly sums: Record<string, string | number>
  readonly computed: Record<never, never>
}
