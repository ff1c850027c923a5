import { expect, test } from 'vitest'
import { TakeoverDamper } from './takeover-damper.ts'

test('the first takeovers of a client id wait for nothing, those after them longer each time', () => {
  const damper = new TakeoverDamper()
  const delays = Array.from({ length: 11 }, (_, at) => damper.delayMs('a', at))
  expect(delays).toEqual([0, 0, 0, 0, 0, 500, 1_000, 2_000, 4_000, 4_000, 4_000])
  expect(damper.delayMs('b', 20)).toBe(0)
})

test('after a minute of quiet all is forgotten', () => {
  const damper = new TakeoverDamper()
  for (let at = 0; at < 9; at += 1) damper.delayMs('a', at)
  expect(damper.delayMs('a', 60_100)).toBe(0)
})

test('it keeps no more than so many client ids', () => {
  const damper = new TakeoverDamper()
  for (let at = 0; at < 9; at += 1) damper.delayMs('first', 0)
  for (let at = 0; at < 1_000; at += 1) damper.delayMs(`other-${at}`, 0)
  expect(damper.delayMs('first', 0)).toBe(0)
})
