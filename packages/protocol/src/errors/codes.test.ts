import { expect, test } from 'vitest'
import { CLIENT_ERROR_CODES, ERROR_CODES, retryOf } from './codes.ts'

const codesThat = (retry: string) =>
  Object.entries(ERROR_CODES).flatMap(([code, facts]) => (facts.retry === retry ? [code] : []))

test('every code of the protocol is in the table, and no other', () => {
  expect(Object.keys(ERROR_CODES).sort()).toEqual([
    'auth_error',
    'conflict',
    'constraint_violation',
    'cursor_error',
    'forbidden',
    'hook_error',
    'internal',
    'invalid_data',
    'invalid_message',
    'invalid_message_type',
    'invalid_operation',
    'invalid_options',
    'invalid_preload',
    'invalid_subscription',
    'invalid_subscription_operation',
    'missing_id',
    'model_not_found',
    'not_found',
    'overloaded',
    'payload_too_large',
    'precondition_failed',
    'rate_limited',
    'subscription_not_found',
    'timeout',
    'unauthorized',
    'unavailable',
  ])
})

test('a client that was asked to wait sends again later', () => {
  expect(codesThat('later')).toEqual(['rate_limited', 'overloaded'])
})

test('what may have been carried out is sent again with the same id only', () => {
  expect(codesThat('same-id')).toEqual(['timeout', 'unavailable'])
})

test('a code that this version does not know is not retried', () => {
  expect(retryOf('a_code_of_tomorrow')).toBe('never')
  expect(retryOf('constructor')).toBe('never')
  expect(retryOf('__proto__')).toBe('never')
})

test('what the client says by itself is told apart from what a server says, and is never retried', () => {
  for (const [code, { retry }] of Object.entries(CLIENT_ERROR_CODES)) {
    expect(Object.hasOwn(ERROR_CODES, code)).toBe(false)
    expect(retry).toBe('never')
  }
})

test('every code says when it is given', () => {
  for (const { when } of [...Object.values(ERROR_CODES), ...Object.values(CLIENT_ERROR_CODES)]) {
    expect(when).toMatch(/^\S.{8,}[^.]$/)
  }
})
