import { expect, test, vi } from 'vitest'
import { isSpecError, SpecError } from './spec-error.ts'
import { wireError } from './wire-error.ts'

test('an error of another copy of the package is recognised', async () => {
  vi.resetModules()
  const other = await import('./spec-error.ts')
  const error = new other.SpecError('conflict', 'taken')
  expect(error instanceof SpecError).toBe(false)
  expect(isSpecError(error)).toBe(true)
  expect(other.isSpecError(new SpecError('conflict', 'taken'))).toBe(true)
})

test('what only looks like one is not', () => {
  const lookalike = Object.assign(new Error('taken'), { name: 'SpecError', code: 'conflict' })
  for (const value of [lookalike, { code: 'conflict' }, null, undefined, 'conflict']) {
    expect(isSpecError(value)).toBe(false)
  }
})

test('code, message and details travel; cause and stack do not', () => {
  const error = new SpecError('invalid_data', 'age: expected a whole number.', { path: ['data', 'age'] }, 'select 1')
  expect(error.cause).toBe('select 1')
  const wire = error.toWire()
  expect(wire).toEqual({
    code: 'invalid_data',
    message: 'age: expected a whole number.',
    details: { path: ['data', 'age'] },
  })
  expect(wireError.safeParse(wire).success).toBe(true)
})

test('an error without details has no field for them', () => {
  expect(Object.keys(new SpecError('not_found', 'gone').toWire())).toEqual(['code', 'message'])
})

test('retryable says whether sending again may help', () => {
  expect(new SpecError('overloaded', 'busy').retryable).toBe(true)
  expect(new SpecError('unavailable', 'away').retryable).toBe(true)
  expect(new SpecError('conflict', 'taken').retryable).toBe(false)
  expect(new SpecError('closed', 'over').retryable).toBe(false)
})
