import { expect, test } from 'vitest'
import { SlicedWork } from './sliced-work.ts'

const failed = (error: unknown) => {
  throw error
}

/** Steps that take about a millisecond each, and say so. */
function* busy(name: string, steps: number, log: string[]): Generator<void> {
  for (let step = 0; step < steps; step++) {
    const endsAt = performance.now() + 1
    while (performance.now() < endsAt);
    log.push(name)
    yield
  }
}

test('a short job is done at once', () => {
  const log: string[] = []
  expect(new SlicedWork(failed).add(busy('a', 3, log))).toBeUndefined()
  expect(log).toEqual(['a', 'a', 'a'])
})

test('a long job lets others have their turns, and jobs are done in their order', async () => {
  const log: string[] = []
  const work = new SlicedWork(failed)
  const jobs = [work.add(busy('a', 100, log)), work.add(busy('b', 40, log)), work.add(busy('c', 1, log))]
  let turns = 0
  const turn = () => {
    turns++
    if (log.length < 141) setImmediate(turn)
  }
  setImmediate(turn)
  expect(log.length).toBeLessThan(100)
  await work.idle()
  expect(log).toEqual([...Array(100).fill('a'), ...Array(40).fill('b'), 'c'])
  expect(turns).toBeGreaterThanOrEqual(3)
  await Promise.all(jobs)
})

test('what a job throws is told, and the next one goes on', async () => {
  const log: string[] = []
  const told: unknown[] = []
  const work = new SlicedWork((error) => told.push(error))
  const throws = (function* () {
    yield* busy('a', 40, log)
    throw new Error('b')
  })()
  await Promise.all([work.add(throws), work.add(busy('c', 1, log))])
  expect(told).toEqual([new Error('b')])
  expect(log.at(-1)).toBe('c')
})

test('what is left at the end is dropped, and nobody waits for it', async () => {
  const log: string[] = []
  const work = new SlicedWork(failed)
  const job = work.add(busy('a', 1_000, log))
  work.stop()
  await job
  await work.idle()
  const done = log.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(log).toHaveLength(done)
})
