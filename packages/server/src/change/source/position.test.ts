import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePosition, encodePosition, isAfter, type Position } from './position.ts'

const xid = fc.bigInt(1n, 2n ** 40n)
const seen = fc
  .record({
    xmin: xid,
    gaps: fc.array(fc.bigInt(0n, 5n), { maxLength: 60, size: 'max' }),
    more: fc.bigInt(0n, 100n),
  })
  .map(({ xmin, gaps, more }) => {
    let last = xmin
    const inProgress = gaps.map((gap) => (last += gap + 1n))
    return { xmin, xmax: last + 1n + more, inProgress: gaps.length > 0 ? [xmin, ...inProgress] : [] }
  })
const position: fc.Arbitrary<Position> = fc.record({
  epoch: fc.constant('abcdefgh'),
  pos: fc.bigInt(0n, 2n ** 62n),
  mark: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  seen: fc.option(seen, { nil: undefined }),
})

test('a position fits in 128 bytes, and read again it leaves out nothing that it did not see', () => {
  let cut = 0
  fc.assert(
    fc.property(position, (original) => {
      const text = encodePosition(original)
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128)
      const read = decodePosition(text)
      const { epoch, pos, mark } = original
      expect(read).toMatchObject({ epoch, pos, mark })
      const { xmin = 1n, xmax = 1n } = original.seen ?? {}
      const isWhole = JSON.stringify(read, text64) === JSON.stringify(original, text64)
      if (!isWhole) cut++
      for (let each = xmin - 1n; each <= xmax + 1n; each++) {
        const change = { pos: pos + 1n, xid: each }
        // One that had no room may tell more once more, and never less.
        if (isAfter(original, change)) expect(isAfter(read, change)).toBe(true)
        else if (isWhole || each < xmin) expect(isAfter(read, change)).toBe(false)
        expect(isAfter(read, { pos, xid: each })).toBe(false)
      }
    }),
  )
  expect(cut).toBeGreaterThan(0)
})

const text64 = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

test('a position that sees as many transactions in progress as a busy server has says each of them', () => {
  const xmin = 123_456_789n
  const inProgress = Array.from({ length: 24 }, (_, n) => xmin + BigInt(n * 3))
  const at = {
    epoch: 'abcdefgh',
    pos: 9_999_999_999n,
    mark: 2 ** 31 - 1,
    seen: { xmin, xmax: xmin + 100n, inProgress },
  }
  expect(decodePosition(encodePosition(at))).toEqual(at)
})
