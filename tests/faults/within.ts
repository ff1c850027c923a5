import { expect } from 'vitest'

const TRIALS = 4

/** Repeats a trial until what it has measured is below a bound, a few times. */
export async function below(bound: number, trial: () => Promise<number>): Promise<void> {
  const measured: number[] = []
  do measured.push(await trial())
  while ((measured.at(-1) ?? 0) >= bound && measured.length < TRIALS)
  expect(Math.min(...measured), `measured ${measured}`).toBeLessThan(bound)
}

/**
 * The same for milliseconds that have passed. The bound is that of the server: what other programs have taken away of the
 * machine meanwhile does not count.
 */
export async function within(boundMs: number, trial: () => Promise<number>): Promise<void> {
  await below(boundMs, async () => {
    const ms = await trial()
    return ms < boundMs ? ms : ms / contention()
  })
}

/** How long something takes, in milliseconds. */
export async function timed(run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return performance.now() - startedAt
}

const MOST_CONTENTION = 10

/** How many times longer than it could something takes at the moment, since others use the machine too: 1, or more. */
function contention(): number {
  const took: number[] = []
  let sum = 0
  for (let turn = 0; turn < 120; turn++) {
    const startedAt = performance.now()
    for (let n = 0; n < 400_000; n++) sum = Math.imul(sum ^ n, 31)
    took.push(performance.now() - startedAt)
  }
  // The first ones are compiled meanwhile. The sum is looked at, or the loop would be left out.
  const warm = took.slice(20, sum === 0.5 ? 21 : undefined)
  const mean = warm.reduce((all, one) => all + one, 0) / warm.length
  return Math.min(MOST_CONTENTION, mean / Math.min(...warm))
}
