import { expect, test } from 'vitest'
import { DurableHold, type DurablePlace } from './durable-hold.ts'
import { encodePosition, type Position } from './position.ts'

const position = (pos: bigint): Position => ({ epoch: 'abcdefgh', pos, mark: 1, seen: undefined })

/** A hold, and the places that it was moved to: the position's number, or undefined for none. */
function hold(isWhole = true) {
  const places: (number | undefined)[] = []
  const moved = (_: string, place: DurablePlace) => void places.push(place && Number(place.pos))
  const of = new DurableHold('name', 'holder', isWhole, { moved, released: () => {}, forgotten: async () => {} })
  return { of, places, sent: (pos: bigint) => of.sent(encodePosition(position(pos)), pos) }
}

test('a place is that of what was acknowledged, not of what was sent', () => {
  const { sent, places } = hold()
  const [first, second] = [sent(1n), sent(2n)]
  expect(places).toEqual([])
  first()
  expect(places).toEqual([1])
  second()
  expect(places).toEqual([1, 2])
})

test('what was sent before something was lost says nothing when it is acknowledged after that', () => {
  const { of, sent, places } = hold()
  const before = sent(1n)
  const readyBefore = of.sentWhole(position(2n))
  of.lost()
  before()
  readyBefore()
  // Nor does what comes next: only that it was told everything.
  sent(3n)()
  expect(places).toEqual([undefined])
  of.sentWhole(position(4n))()
  sent(5n)()
  expect(places).toEqual([undefined, 4, 5])
})

test('one that begins without a place has none until it was told everything, or says itself where it is', () => {
  const first = hold(false)
  first.sent(1n)()
  expect(first.places).toEqual([])
  first.of.sentWhole(position(2n))()
  const second = hold(false)
  second.of.isAt(position(7n))
  second.sent(8n)()
  expect([first.places, second.places]).toEqual([[2], [7, 8]])
})
