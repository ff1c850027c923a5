import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadlines } from './deadlines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = () => new Promise<never>(() => {})
const late = () => new Error('late')

test('what is in time settles as it does, and one timer is enough for all', async () => {
  const deadlines = new Deadlines(100)
  const held = [1, 2, 3].map((value) => deadlines.hold(Promise.resolve(value), late))
  expect(vi.getTimerCount()).toBe(1)
  expect(await Promise.all(held)).toEqual([1, 2, 3])
  await expect(deadlines.hold(Promise.reject(new Error('own')), late)).rejects.toThrow('own')
  await vi.advanceTimersByTimeAsync(200)
  expect(vi.getTimerCount()).toBe(0)
})

test('what takes longer is rejected when its own time is over, not sooner and not later', async () => {
  const deadlines = new Deadlines(100)
  const ended: string[] = []
  const hold = (name: string) => void deadlines.hold(never(), late).catch(() => ended.push(name))
  hold('first')
  await vi.advanceTimersByTimeAsync(60)
  hold('second')
  await vi.advanceTimersByTimeAsync(39)
  expect(ended).toEqual([])
  await vi.advanceTimersByTimeAsync(2)
  expect(ended).toEqual(['first'])
  await vi.advanceTimersByTimeAsync(57)
  expect(ended).toEqual(['first'])
  await vi.advanceTimersByTimeAsync(4)
  expect(ended).toEqual(['first', 'second'])
  expect(vi.getTimerCount()).toBe(0)
})

test('what rejects after its time is over is nobody’s concern', async () => {
  const deadlines = new Deadlines(10)
  const slow = new Promise((_, reject) => setTimeout(() => reject(new Error('too late to matter')), 50))
  const held = expect(deadlines.hold(slow, late)).rejects.toThrow('late')
  await vi.advanceTimersByTimeAsync(100)
  await held
})
