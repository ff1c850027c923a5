import fc from 'fast-check'
import { expect, test } from 'vitest'
import { likePattern } from './like-pattern.ts'

const some = (...of: readonly string[]) =>
  fc.array(fc.constantFrom(...of), { maxLength: 7 }).map((parts) => parts.join(''))

test('a pattern matches what a regular expression of the same meaning does', () => {
  const regexp = (pattern: string) =>
    new RegExp(
      `^${pattern.replace(/\\(.)|(%)|(_)|[.]/gsu, (all, escaped, many, one) => (escaped !== undefined ? `\\u{${escaped.codePointAt(0).toString(16)}}` : many ? '.*' : one ? '.' : `\\${all}`))}$`,
      'su',
    )
  let matched = 0
  fc.assert(
    fc.property(
      some('a', 'b', '😀', '%', '_', '\\%', '\\_', '\\\\', '.'),
      some('a', 'b', '😀', '%', '_', '\\', '.', '\n'),
      (pattern, value) => {
        const matches = likePattern(pattern)(value)
        expect(matches).toBe(regexp(pattern).test(value))
        if (matches) matched++
      },
    ),
    { numRuns: 5_000 },
  )
  expect(matched).toBeGreaterThan(200)
})

test('a pattern that would take a regular expression for ever is decided at once', () => {
  const startedAt = performance.now()
  expect(likePattern(`${'%a'.repeat(100)}%b`)('a'.repeat(20_000))).toBe(false)
  expect(likePattern(`${'%a'.repeat(100)}%_b`)('a'.repeat(2_000))).toBe(false)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})
