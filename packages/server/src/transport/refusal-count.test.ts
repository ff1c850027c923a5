import { expect, it } from 'vitest'
import { RefusalCount } from './refusal-count.ts'

it('20 refusals in a minute are too many, 20 in more than that are not', () => {
  const fast = new RefusalCount()
  expect(Array.from({ length: 20 }, (_, n) => fast.add(n * 3_000))).toEqual([...Array(19).fill(false), true])
  const slow = new RefusalCount()
  expect(Array.from({ length: 100 }, (_, n) => slow.add(n * 3_200))).not.toContain(true)
})
