import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { findPostgres } from '../tests/postgres/start-postgres.ts'
import { measureMemory } from './changes/memory.ts'

const run = promisify(execFile)

test.each(['selective', 'ranges', 'mixed'] as const)(
  'a subscription takes less than 1 KB where there are many (%s), and nothing when it has ended',
  (mix) => {
    const { bytes, leftBytes } = measureMemory(mix, 50_000)
    expect(bytes).toBeLessThan(1_024)
    expect(leftBytes).toBeLessThan(128)
  },
)

test('the benchmark of changes runs, a little of everything', async () => {
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', '--conditions=@mqttspec/source', 'bench/changes.ts', '--smoke'],
    { timeout: 110_000 },
  )
  expect(stdout).toMatch(/\| selective \| 1,000 \| [\d.]+ \| [\d.]+ \| [\d.]+ \|/)
  expect(stdout).toMatch(/\| mixed \| 2,000 \| \d+ \| -?\d+ \|/)
  if ((await findPostgres()) === undefined) return
  expect(stdout).toMatch(/\| 16 \| aedes \| 20 \|/)
  expect(stdout).toMatch(/\| insert \| 16 \| captured \|/)
  expect(stdout).toMatch(/catches up with [\d,]+ a second/)
  expect(stdout).toMatch(/with nothing to do/)
}, 120_000)
