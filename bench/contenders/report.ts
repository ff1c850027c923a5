import type { Slice, Work } from '../measure/contender.ts'

/** Tells the parent where this server can be reached, and its CPU time whenever it asks; ends with the parent. */
export function reportServer(port: number | undefined): void {
  process.on('message', () => process.send?.(cpuMicros()))
  process.on('disconnect', () => process.exit())
  process.send?.({ port })
}

/** Does what the parent asks with `run`, as many at once as it says, and tells how that went. */
export function reportWorker(run: (operation: Work['operation'], n: number) => Promise<unknown>): void {
  let n = 0
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ operation, outstanding, durationMs }: Work) => {
    const first = n
    const before = cpuMicros()
    const from = performance.now()
    const loop = async (): Promise<void> => {
      while (performance.now() - from < durationMs) await run(operation, ++n)
    }
    await Promise.all(Array.from({ length: outstanding }, loop))
    const seconds = (performance.now() - from) / 1_000
    const slice: Slice = { perSecond: (n - first) / seconds, cpuMicros: (cpuMicros() - before) / (n - first) }
    process.send?.(slice)
  })
  process.send?.('ready')
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
