import { encodeJson, type Metadata, type SpecError } from '@mqttspec/protocol'

const now = (): string => new Date().toISOString()

/** A reply with data, which is JSON text already: Postgres's rows go through untouched. */
export function successReply(id: string, data: string, metadata?: Metadata, at = now()): string {
  const beside = metadata ? `,"metadata":${encodeJson(metadata)}` : ''
  return `{"id":${JSON.stringify(id)},"type":"response","success":true,"data":${data}${beside},"timestamp":"${at}"}`
}

/** A reply that says what is wrong. */
export function errorReply(id: string, error: SpecError): string {
  return encodeJson({ id, type: 'response', success: false, error: error.toWire(), timestamp: now() })
}

/** The reply to a ping. */
export function pongReply(id: string): string {
  return `{"id":${JSON.stringify(id)},"type":"pong","timestamp":"${now()}"}`
}
