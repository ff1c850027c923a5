export type { HasShape, ShapeOf, SpecShape, Where } from '@mqttspec/protocol'
export { isSpecError, SpecError } from '@mqttspec/protocol'
export { type ConnectOptions, connect } from './connect.ts'
export type { ConnectionState } from './connection/connection-state.ts'
export type { ColumnMeta, Meta } from './operations/meta.ts'
export type { Page } from './operations/read.ts'
export type {
  CallOptions,
  ChangeCall,
  CountCall,
  FilterOptions,
  GetCall,
  ReadCall,
  SubscribeCall,
  TotalOption,
} from './options/call-options.ts'
export type { ConnectionView, EntityName, SpecClient, UntypedShape } from './spec-client.ts'
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
export type { Qos } from './transport/mqtt-transport.ts'
