import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const backoff = { baseMs: 100, maxMs: 5_000 }

test('the delay doubles up to a maximum', () => {
  const longest = [0, 1, 2, 10, 10_000].map((failures) => backoffMs(failures, backoff, () => 1))
  expect(longest).toEqual([100, 200, 400, 5_000, 5_000])
})

test('half of the delay is random', () => {
  expect(backoffMs(1, backoff, () => 0)).toBe(100)
  expect(backoffMs(1, backoff, () => 0.5)).toBe(150)
})
