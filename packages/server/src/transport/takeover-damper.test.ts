import { expect, test } from 'vitest'
import { TakeoverDamper } from './takeover-damper.ts'

const delays = (damper: TakeoverDamper, clientId: string, count: number, nowMs: number) =>
  Array.from({ length: count }, () => damper.delayMs(clientId, nowMs))

test('many takeovers of a client id wait for nothing, those after them for a place among four in a second', () => {
  const damper = new TakeoverDamper()
  expect(delays(damper, 'a', 50, 0)).toEqual(Array(50).fill(0))
  expect(delays(damper, 'a', 3, 0)).toEqual([250, 500, 750])
  expect(damper.delayMs('b', 20)).toBe(0)
})

test('after some quiet as many are free again', () => {
  const damper = new TakeoverDamper()
  delays(damper, 'a', 50, 0)
  expect(delays(damper, 'a', 9, 2_000)).toEqual([...Array(8).fill(0), 250])
  expect(delays(damper, 'a', 50, 60_000)).toEqual(Array(50).fill(0))
})

test('it keeps no more than so many client ids', () => {
  const damper = new TakeoverDamper()
  delays(damper, 'first', 60, 0)
  for (let at = 0; at < 1_000; at += 1) damper.delayMs(`other-${at}`, 0)
  expect(damper.delayMs('first', 0)).toBe(0)
})
