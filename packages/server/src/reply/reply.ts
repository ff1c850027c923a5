import { encodeJson, type Metadata, type SpecError } from '@mqttspec/protocol'

const now = (): string => new Date().toISOString()

/** JSON text: a string, or its bytes in parts. */
type JsonText = string | readonly Uint8Array[]

/** A reply with data, which is JSON text already: Postgres's rows go through untouched. */
export function successReply(id: string, data: string, metadata?: Metadata, at?: string): string
export function successReply(id: string, data: JsonText, metadata?: Metadata, at?: string): JsonText
export function successReply(id: string, data: JsonText, metadata?: Metadata, at = now()): JsonText {
  const head = `{"id":${JSON.stringify(id)},"type":"response","success":true,"data":`
  const tail = `${metadata ? `,"metadata":${encodeJson(metadata)}` : ''},"timestamp":"${at}"}`
  return typeof data === 'string' ? `${head}${data}${tail}` : [Buffer.from(head), ...data, Buffer.from(tail)]
}

/** A reply that says what is wrong. */
export function errorReply(id: string, error: SpecError): string {
  return encodeJson({ id, type: 'response', success: false, error: error.toWire(), timestamp: now() })
}

/** The reply to a ping. */
export function pongReply(id: string): string {
  return `{"id":${JSON.stringify(id)},"type":"pong","timestamp":"${now()}"}`
}
