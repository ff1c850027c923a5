import { type AnyErrorCode, retryOf } from './codes.ts'
import type { ErrorDetails, WireError } from './wire-error.ts'

const mark = Symbol.for('mqttspec.error')

/**
 * The one error of MQTTSpec, on both sides: a code from the table, a message that says what to do, and details.
 *
 * What caused it goes in `cause`, which is logged and never sent. Recognise one with `isSpecError`, which also holds
 * across two copies of this package.
 */
export class SpecError extends Error {
  override readonly name = 'SpecError'
  readonly code: AnyErrorCode
  readonly details: ErrorDetails | undefined
  readonly [mark] = true

  constructor(code: AnyErrorCode, message: string, details?: ErrorDetails, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }

  /** May sending again help? A write only with the same id. */
  get retryable(): boolean {
    return retryOf(this.code) !== 'never'
  }

  /** The error as it travels. */
  toWire(): WireError {
    return { code: this.code, message: this.message, ...(this.details && { details: this.details }) }
  }
}

/** Is this a `SpecError`, of this copy of the package or another? */
export function isSpecError(error: unknown): error is SpecError {
  return typeof error === 'object' && error !== null && mark in error
}
