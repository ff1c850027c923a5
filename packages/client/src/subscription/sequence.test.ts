import { expect, test } from 'vitest'
import { Sequence } from './sequence.ts'

test('a sequence starts at 1, knows repeats, and stops at a gap', () => {
  const sequence = new Sequence()
  expect([1, 2, 2, 1, 4, 3, 4].map((seq) => sequence.take(seq))).toEqual([
    'next',
    'next',
    'repeat',
    'repeat',
    'gap',
    'next',
    'next',
  ])
})

test('a sequence that does not start at 1 has a gap', () => {
  expect(new Sequence().take(2)).toBe('gap')
})
