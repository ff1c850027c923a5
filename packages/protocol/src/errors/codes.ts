/**
 * When sending again can help: `never`; `later` (after `details.retry_after_ms`); `same-id` (a read freely, a write
 * with the id that it had, so that it runs once).
 */
export type Retry = 'never' | 'later' | 'same-id'

/** Every code a server may answer with, and what to do about it. Codes name the cause; messages may change. */
export const ERROR_CODES = {
  invalid_message: { retry: 'never', when: 'the message cannot be read, or lacks a field that every message has' },
  invalid_message_type: { retry: 'never', when: '`type` is none that a client may send' },
  invalid_operation: { retry: 'never', when: '`operation` of a request is unknown' },
  invalid_subscription_operation: { retry: 'never', when: '`operation` of a subscription is unknown' },
  invalid_subscription: { retry: 'never', when: '`subscription_id` is missing' },
  subscription_not_found: { retry: 'never', when: 'this client has no such subscription' },
  model_not_found: { retry: 'never', when: 'no such entity, or not for this client' },
  invalid_options: { retry: 'never', when: 'an option, filter, sort or column is wrong' },
  invalid_preload: { retry: 'never', when: 'a preload is wrong' },
  cursor_error: { retry: 'never', when: 'a page cursor cannot be used' },
  invalid_data: { retry: 'never', when: 'a value or a key is wrong' },
  missing_id: { retry: 'never', when: 'the row to write or read is not named' },
  auth_error: { retry: 'never', when: 'the credentials were refused' },
  unauthorized: { retry: 'never', when: 'who asks is not known yet, or beforeHandle refused' },
  forbidden: { retry: 'never', when: 'who asks is known, and may not' },
  hook_error: { retry: 'never', when: 'a hook stopped it' },
  not_found: { retry: 'never', when: 'no such row in what this client may see' },
  conflict: { retry: 'never', when: 'a unique value is taken' },
  constraint_violation: { retry: 'never', when: 'a foreign key, not-null or check constraint does not hold' },
  precondition_failed: { retry: 'never', when: '`options.if` did not hold' },
  payload_too_large: { retry: 'never', when: 'the request or its reply is over the limit' },
  rate_limited: { retry: 'later', when: 'this client asks too often' },
  overloaded: { retry: 'later', when: 'the server has too much to do' },
  timeout: { retry: 'same-id', when: 'it took too long' },
  unavailable: { retry: 'same-id', when: 'the database or the broker is away, or the server is shutting down' },
  internal: { retry: 'never', when: 'a bug in the server' },
} as const satisfies Record<string, { retry: Retry; when: string }>

/** Codes that only the client SDK gives. */
export const CLIENT_ERROR_CODES = {
  closed: { retry: 'never', when: 'the client was closed' },
  overflow: { retry: 'never', when: 'a subscription was read too slowly' },
  gap: { retry: 'never', when: 'notifications were lost' },
} as const satisfies Record<string, { retry: Retry; when: string }>

/** A code as a server sends it. */
export type ErrorCode = keyof typeof ERROR_CODES

/** A code as a user of the SDK may see it. */
export type AnyErrorCode = ErrorCode | keyof typeof CLIENT_ERROR_CODES

/** What to do about a code; a code from a newer server is not retried. */
export function retryOf(code: string): Retry {
  if (Object.hasOwn(ERROR_CODES, code)) return ERROR_CODES[code as ErrorCode].retry
  return 'never'
}
