import { describe, expect, test } from 'vitest'
import { EventQueue } from './event-queue.ts'

const DONE = { done: true, value: undefined }

describe('EventQueue', () => {
  test('gives items in order, to those who wait in the order in which they came', async () => {
    const queue = new EventQueue<number>(10)
    const early = [queue.next(), queue.next()]
    for (const item of [1, 2, 3]) queue.push(item)
    const items = await Promise.all([...early, queue.next()])
    expect(items.map((item) => item.value)).toEqual([1, 2, 3])
  })

  test('refuses an item when it is full, and takes one again when there is room', async () => {
    const queue = new EventQueue<number>(1)
    expect([queue.push(1), queue.push(2)]).toEqual([true, false])
    await queue.next()
    expect(queue.push(3)).toBe(true)
  })

  test('throws the error of its end once, after what waits', async () => {
    const queue = new EventQueue<number>(10)
    queue.push(1)
    queue.end({ error: new Error('over') })
    queue.push(2)
    expect(await queue.next()).toEqual({ done: false, value: 1 })
    await expect(queue.next()).rejects.toThrow('over')
    expect(await queue.next()).toEqual(DONE)
  })

  test('ends those who wait: the first with the error, the rest as done', async () => {
    const queue = new EventQueue<number>(10)
    const waiting = [queue.next(), queue.next()]
    queue.end({ error: new Error('over') })
    const [first, second] = await Promise.allSettled(waiting)
    expect(first).toMatchObject({ status: 'rejected' })
    expect(second).toMatchObject({ value: DONE })
  })
})
