import { type Metadata, SpecError, type WireError } from '@mqttspec/protocol'
import { isFields, readMessage } from '../read-message.ts'

/** The answer to a request, as the wire has it. */
export interface Reply {
  readonly id: string
  readonly data: unknown
  readonly metadata: Metadata
  readonly error: WireError | undefined
  /** When the server answered, by its clock: RFC 3339. */
  readonly timestamp: string | undefined
}

/**
 * Reads what came on the response topic: a response or a pong. Undefined when it is neither.
 *
 * Only what is used is looked at: the server is trusted with the rest, and the schemas of the protocol would weigh more
 * in a browser than all of this package.
 */
export function readReply(payload: Uint8Array): Reply | undefined {
  const message = readMessage(payload)
  if (typeof message?.id !== 'string') return undefined
  const timestamp = typeof message.timestamp === 'string' ? message.timestamp : undefined
  if (message.type === 'pong') return { id: message.id, data: undefined, metadata: {}, error: undefined, timestamp }
  if (message.type !== 'response') return undefined
  return {
    id: message.id,
    data: message.data,
    metadata: isFields(message.metadata) ? message.metadata : {},
    error: message.success === true ? undefined : readError(message.error),
    timestamp,
  }
}

function readError(error: unknown): WireError {
  if (!isFields(error) || typeof error.code !== 'string') {
    return { code: 'internal', message: 'The server refused, and did not say why.' }
  }
  const message = typeof error.message === 'string' ? error.message : error.code
  return { code: error.code, message, ...(isFields(error.details) && { details: error.details }) }
}

/** The error of a reply as one to throw. A code of a newer server is kept. */
export function errorOf({ code, message, details }: WireError): SpecError {
  return new SpecError(code as SpecError['code'], message, details)
}
