import {
  batchRequest,
  connect,
  createRequest,
  decodeJson,
  deleteRequest,
  type JsonBounds,
  metaRequest,
  PROTOCOL_VERSION,
  ping,
  readRequest,
  SpecError,
  SUPPORTED_VERSIONS,
  subscribeRequest,
  type Up,
  unsubscribeRequest,
  updateRequest,
} from '@mqttspec/protocol'
import * as z from 'zod/mini'
import { isStorableText } from '../column/text-kinds.ts'
import { checkNames } from './check-names.ts'
import { explainIssues } from './explain-issues.ts'

/** A message that can be acted on, or why not; with the id that its reply bears, `""` if none could be read. */
export type ParsedMessage =
  | { readonly id: string; readonly message: Up }
  | { readonly id: string; readonly error: SpecError }

type Schema = z.ZodMiniType<Up>

const REQUESTS = new Map<unknown, Schema>([
  ['read', readRequest],
  ['create', createRequest],
  ['update', updateRequest],
  ['delete', deleteRequest],
  ['meta', metaRequest],
  ['batch', batchRequest],
])

const SUBSCRIPTIONS = new Map<unknown, Schema>([
  ['subscribe', subscribeRequest],
  ['unsubscribe', unsubscribeRequest],
])

/** zod's own words for what is wrong; the slim form of zod has none unless told. */
const words = z.locales.en().localeError

/** Reads one message of a client, whatever bytes it is. Never throws. */
export function parseMessage(payload: Uint8Array, bounds: JsonBounds & { readonly maxIdBytes: number }): ParsedMessage {
  let id = ''
  try {
    const value = decodeJson(payload, bounds)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SpecError('invalid_message', 'A message is one JSON object.')
    }
    const fields = withoutNulls(value)
    id = readableId(fields.id, bounds.maxIdBytes)
    checkId(fields.id, bounds.maxIdBytes)
    checkVersion(fields.v)
    checkNames(fields)
    const schema = schemaOf(fields)
    const parsed = schema.safeParse(fields, { error: words })
    if (parsed.success) return { id, message: parsed.data }
    const wrong = explainIssues(parsed.error.issues)
    // All that an unsubscribe has for data is which subscription it means.
    const isWhich = schema === unsubscribeRequest && wrong.code === 'invalid_data'
    throw isWhich ? new SpecError('invalid_subscription', wrong.message, wrong.details) : wrong
  } catch (error) {
    if (error instanceof SpecError) return { id, error }
    throw error
  }
}

/** In many languages a field that is not there is written as null. */
function withoutNulls(message: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null))
}

function readableId(id: unknown, maxBytes: number): string {
  return typeof id === 'string' && Buffer.byteLength(id) <= maxBytes ? id : ''
}

// The schemas count characters; an id is kept in Postgres, by its bytes.
function checkId(id: unknown, maxBytes: number): void {
  if (typeof id !== 'string' || (Buffer.byteLength(id) <= maxBytes && isStorableText(id))) return
  throw new SpecError('invalid_message', `An id has at most ${maxBytes} bytes, and no NUL or half surrogates.`, {
    path: ['id'],
  })
}

function checkVersion(version: unknown): void {
  if (version === undefined || version === PROTOCOL_VERSION) return
  throw new SpecError(
    'invalid_message',
    `This server speaks version ${SUPPORTED_VERSIONS.join(', ')} of the protocol.`,
    {
      path: ['v'],
      supported: [...SUPPORTED_VERSIONS],
    },
  )
}

function schemaOf(message: Record<string, unknown>): Schema {
  switch (message.type) {
    case 'ping':
      return ping
    case 'connect':
      return connect
    case 'request':
      return operationOf(message, REQUESTS, 'invalid_operation')
    case 'subscription':
      return operationOf(message, SUBSCRIPTIONS, 'invalid_subscription_operation')
    case undefined:
      throw new SpecError('invalid_message', 'A message has a "type": request, subscription, connect or ping.', {
        path: ['type'],
      })
    default:
      throw new SpecError('invalid_message_type', 'A client sends "type": request, subscription, connect or ping.', {
        path: ['type'],
      })
  }
}

function operationOf(
  message: Record<string, unknown>,
  schemas: ReadonlyMap<unknown, Schema>,
  code: 'invalid_operation' | 'invalid_subscription_operation',
): Schema {
  const schema = schemas.get(message.operation)
  if (schema) return schema
  const missing = message.operation === undefined
  throw new SpecError(missing ? 'invalid_message' : code, `"operation" is one of ${[...schemas.keys()].join(', ')}.`, {
    path: ['operation'],
  })
}
