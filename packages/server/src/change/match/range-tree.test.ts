import fc from 'fast-check'
import { expect, test } from 'vitest'
import { natural } from '../../column/column-kind.ts'
import type { Placement } from './placement.ts'
import { RangeTree } from './range-tree.ts'

const end = fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined })
const placementOf = (low: number | undefined, high: number | undefined, serial: number): Placement => ({
  group: {} as Placement['group'],
  columnSet: {} as Placement['columnSet'],
  key: '',
  range: { column: 'size', low, high },
  serial,
})
const found = (tree: RangeTree, value: number): readonly number[] => {
  const all: number[] = []
  tree.find(value, ({ serial }) => all.push(serial))
  return all.sort((one, another) => one - another)
}

test('a value is found in the ranges that it is in, whatever came and went in whatever order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(end, end), { maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (ends, ended, priorities) => {
        const tree = new RangeTree(natural, () => priorities.next().value ?? 0)
        const ranges = ends.map(([low, high], serial) => placementOf(low, high, serial))
        for (const range of ranges) tree.add(range)
        for (const place of ended) {
          const [gone] = ranges.splice(place % (ranges.length + 1), 1)
          if (gone) tree.remove(gone)
        }
        for (let value = -6; value <= 6; value++) {
          const expected = ranges.filter(({ range }) => {
            const [low, high] = [range?.low as number | undefined, range?.high as number | undefined]
            return (low === undefined || low <= value) && (high === undefined || high >= value)
          })
          expect(found(tree, value)).toEqual(expected.map(({ serial }) => serial))
        }
        for (const range of ranges) tree.remove(range)
        expect(tree.isEmpty).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test('ranges that come in their order make no list of it', () => {
  let compared = 0
  const tree = new RangeTree((left, right) => {
    compared++
    return natural(left, right)
  })
  const ranges = Array.from({ length: 20_000 }, (_, n) => placementOf(n * 10, n * 10 + 9, n))
  for (const range of ranges) tree.add(range)
  expect(compared / ranges.length).toBeLessThan(300)
  compared = 0
  expect(found(tree, 55_555)).toEqual([5_555])
  expect(compared).toBeLessThan(1_000)
  compared = 0
  for (const range of ranges) tree.remove(range)
  expect(compared / ranges.length).toBeLessThan(300)
})
