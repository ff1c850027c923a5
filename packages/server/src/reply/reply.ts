import { encodeJson, type Metadata, type SpecError } from '@mqttspec/protocol'
import type { RawText } from '../db/database.ts'

const now = (): string => new Date().toISOString()

/** A reply with data, which is JSON text already: Postgres's rows go through untouched. */
export function successReply(id: string, data: string, metadata?: Metadata, at?: string): string
export function successReply(id: string, data: RawText, metadata?: Metadata, at?: string): RawText
export function successReply(id: string, data: RawText, metadata?: Metadata, at = now()): RawText {
  const head = `{"id":${JSON.stringify(id)},"type":"response","success":true,"data":`
  const beside = metadata ? `,"metadata":${encodeJson(metadata)}` : ''
  const tail = `${beside},"timestamp":"${at}"}`
  return typeof data === 'string'
    ? `${head}${data}${tail}`
    : Buffer.concat([Buffer.from(head), data, Buffer.from(tail)])
}

/** A reply that says what is wrong. */
export function errorReply(id: string, error: SpecError): string {
  return encodeJson({ id, type: 'response', success: false, error: error.toWire(), timestamp: now() })
}

/** The reply to a ping. */
export function pongReply(id: string): string {
  return `{"id":${JSON.stringify(id)},"type":"pong","timestamp":"${now()}"}`
}
