import { expect, it } from 'vitest'
import { type Climate, calm, nextSecond } from './climate.ts'
import { kindNamed } from './kinds.ts'

/** The same numbers from 0 to 1 each time. */
function fixedRandom(): () => number {
  let state = 42
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}

function seconds(count: number, start: Climate, kind = kindNamed('cold room'), random = fixedRandom()): Climate[] {
  const all = [start]
  for (let second = 0; second < count; second += 1) all.push(nextSecond(all.at(-1) ?? start, kind, random))
  return all
}

it('a device that nothing heats stays under its threshold', () => {
  const kind = kindNamed('cold room')
  const random = fixedRandom()
  let now = calm(kind)
  for (let second = 0; second < 2_000; second += 1) {
    now = { ...nextSecond(now, kind, random), heatedForSeconds: 0 }
    expect(now.temperature).toBeLessThan(kind.threshold)
  }
})

it('a device that is heated passes its threshold and comes back within a minute and a half', () => {
  const kind = kindNamed('cold room')
  const over = seconds(90, { ...calm(kind), heatedForSeconds: 30 }).map((each) => each.temperature > kind.threshold)
  expect(over.slice(0, 30)).toContain(true)
  expect(over.at(-1)).toBe(false)
})

it('a device is heated now and then', () => {
  const alarms = seconds(2_000, calm(kindNamed('cold room'))).filter((each) => each.temperature > 8)
  expect(alarms.length).toBeGreaterThan(50)
  expect(alarms.length).toBeLessThan(600)
})
