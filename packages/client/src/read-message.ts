import { decodeJson } from '@mqttspec/protocol'

/** A JSON object, whatever is in it. */
export type Fields = Readonly<Record<string, unknown>>

/** Is it an object with fields, and not a list? */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads a message of the server; undefined when it is none.
 *
 * What cannot be read is left aside and not thrown into the socket's event: its request runs out of time, and a lost
 * notification shows in the next `seq`.
 */
export function readMessage(payload: Uint8Array): Fields | undefined {
  try {
    const message = decodeJson(payload)
    return isFields(message) ? message : undefined
  } catch {
    return undefined
  }
}
