export type { HasShape, Reference, ShapeOf, SpecShape, Where } from '@mqttspec/protocol'
export { isSpecError, SpecError } from '@mqttspec/protocol'
export type { Batch, BatchChange, BatchOutcome, BatchRow, BatchWrite } from './calls/batch.ts'
export type { EntityName } from './calls/entity-name.ts'
export type { ReadCalls } from './calls/read-calls.ts'
export type { WriteCalls } from './calls/write-calls.ts'
export { type ConnectOptions, connect } from './connect.ts'
export type { ConnectionState } from './connection/connection-state.ts'
export type { Live } from './live/live.ts'
export type { ColumnMeta, Meta, RelationMeta } from './operations/meta.ts'
export type { Page } from './operations/read.ts'
export type { RowNumber } from './operations/row-number.ts'
export type {
  AggregateCall,
  CallOptions,
  ChangeCall,
  CountCall,
  CreateCall,
  CreateOptions,
  FilterOptions,
  GetCall,
  Holds,
  ListCall,
  LiveCall,
  OperatorsOption,
  ReadCall,
  StreamCall,
  SubscribeCall,
  TotalOption,
  WriteOptions,
} from './options/call-options.ts'
export type { KeptWrite, WriteOutcome, WriteStorage } from './request/write-storage.ts'
export type { ConnectionView, SpecClient, UntypedShape } from './spec-client.ts'
export type {
  EnterEvent,
  EventOf,
  LeaveEvent,
  ReadyEvent,
  ResetEvent,
  SubscriptionEvent,
  UpdateEvent,
} from './subscription/event.ts'
export type { Subscription } from './subscription/subscription.ts'
export type { InProcess } from './transport/in-process.ts'
export type { Qos } from './transport/mqtt-transport.ts'
export type { TlsOptions } from './transport/tls-options.ts'
