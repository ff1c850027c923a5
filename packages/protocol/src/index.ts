export { decodeExactJson, decodeJson, encodeJson, type JsonBounds } from './codec.ts'
export {
  type AnyErrorCode,
  CLIENT_ERROR_CODES,
  ERROR_CODES,
  type ErrorCode,
  type Retry,
  retryOf,
} from './errors/codes.ts'
export { isSpecError, SpecError } from './errors/spec-error.ts'
export { type ErrorDetails, errorDetails, type WireError, wireError } from './errors/wire-error.ts'
export { ExactNumber } from './exact-number.ts'
export { DEFAULT_LIMITS, type Limits } from './limits.ts'
export { type Connect, connect } from './messages/connect.ts'
export { type Down, down } from './messages/down.ts'
export {
  type Change,
  change,
  type Notification,
  notification,
  notificationOperation,
  type ResetReason,
  resetReason,
} from './messages/notification.ts'
export { type Ping, ping } from './messages/ping.ts'
export { type Pong, pong } from './messages/pong.ts'
export {
  type BatchRequest,
  batchOperation,
  batchRequest,
  type CreateRequest,
  createRequest,
  type DeleteRequest,
  deleteRequest,
  type MetaRequest,
  metaRequest,
  type ReadRequest,
  type Request,
  readRequest,
  request,
  type UpdateRequest,
  updateRequest,
} from './messages/request.ts'
export { type Metadata, metadata, type Response, response } from './messages/response.ts'
export {
  type SubscribeRequest,
  type Subscription,
  subscribeRequest,
  subscription,
  type UnsubscribeRequest,
  unsubscribeRequest,
} from './messages/subscription.ts'
export { type Up, up } from './messages/up.ts'
export { type Aggregate, aggregate } from './options/aggregate.ts'
export { type Filter, type FilterCondition, filter, filterCondition, filterList } from './options/filter.ts'
export { type NamedExpression, namedExpression } from './options/named-expression.ts'
export { type Preload, preload } from './options/preload.ts'
export { type ReadOptions, readOptions } from './options/read-options.ts'
export { type Sort, sort } from './options/sort.ts'
export { type SubscribeOptions, subscribeOptions } from './options/subscribe-options.ts'
export { whereToFilters } from './options/where-to-filters.ts'
export { type ChangeOptions, type CreateOptions, changeOptions, createOptions } from './options/write-options.ts'
export type { FigureField, FiguresOf } from './shape/aggregate.ts'
export type { EntityShape, HasShape, RelationShape, ShapeOf, SpecShape } from './shape/entity-shape.ts'
export type { ExactRow, InsertOf, PatchOf, StoredOf, UpdateOf } from './shape/nested-write.ts'
export type { ExactWith, None, PreloadOf, ReadRow, WithOf, WithOptions } from './shape/preload.ts'
export type { Reference, WriteMode, Written, WrittenKey } from './shape/reference.ts'
export type { RelatedEntity, RelationOf } from './shape/related.ts'
export type {
  ColumnOf,
  ComputedOf,
  ReadableOf,
  Selected,
  Selection,
  SortColumn,
  SortKey,
  SortOption,
} from './shape/result.ts'
export type { Comparisons, Condition, JsonPath, Operator, TypedFilter, Where } from './shape/where.ts'
export {
  CLIENT_ID,
  DEFAULT_TOPIC_PREFIX,
  notifyTopic,
  type ParsedTopic,
  parseServerStatusTopic,
  parseTopic,
  requestTopic,
  responseTopic,
  serverStatusTopic,
  statusTopic,
} from './topics.ts'
export { PROTOCOL_VERSION, SUPPORTED_VERSIONS } from './version.ts'
