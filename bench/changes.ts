/*
 * What a change costs: to find whom it concerns, to tell them, to capture it, and to catch up with it.
 *
 *     npx tsx --conditions=@mqttspec/source bench/changes.ts [matching] [memory] [fan-out] [capture] [catch-up] [idle]
 *
 * `--smoke` does a little of everything in some seconds, to see that it runs.
 */
import { type Audience, audienceOfAedes, audienceOfServer, compareFanOut } from './changes/fan-out.ts'
import { measureMatching } from './changes/matching.ts'
import { measureMemory } from './changes/memory.ts'
import { measureCatchUp, measureIdle } from './changes/stream.ts'
import { compare, table } from './measure/compare.ts'
import { startServer } from './measure/contender.ts'
import { fillPostgres } from './measure/filled-database.ts'

const isSmoke = process.argv.includes('--smoke')
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const isWanted = (part: string) => wanted.length === 0 || wanted.includes(part)
const say = (...lines: readonly string[]) => console.log(['', ...lines].join('\n'))
const MIXES = ['selective', 'ranges', 'mixed'] as const

if (isWanted('matching')) {
  const lines = MIXES.flatMap((mix) =>
    (isSmoke ? [10, 1_000] : [10, 1_000, 10_000, 100_000]).map((count) => {
      const of = measureMatching(mix, count, isSmoke ? 1 : 5, isSmoke ? 20 : 300)
      const figures = [of.indexMicros, of.loopMicros, of.ratio, of.matches].map((figure) =>
        figure.toFixed(figure < 100 ? 1 : 0),
      )
      return `| ${[of.mix, count.toLocaleString('en'), ...figures].join(' | ')} |`
    }),
  )
  say(
    '| filters | subscriptions | index, µs a change | naive loop, µs | ratio | notifications |',
    '|---|---|---|---|---|---|',
    ...lines,
  )
}

if (isWanted('memory')) {
  const lines = MIXES.map((mix) => {
    const of = measureMemory(mix, isSmoke ? 2_000 : 100_000)
    const figures = [of.bytes, of.leftBytes].map((bytes) => bytes.toFixed(0))
    return `| ${[mix, of.subscriptions.toLocaleString('en'), ...figures, of.addMicros.toFixed(1), of.removeMicros.toFixed(1)].join(' | ')} |`
  })
  say(
    '| filters | subscriptions | bytes each | left after removal | adding, µs | removing, µs |',
    '|---|---|---|---|---|---|',
    ...lines,
  )
}

await using databases = await fillPostgres()
if (!databases) {
  console.error('PostgreSQL is not installed: put initdb and postgres on the PATH for the rest.')
  process.exit(isSmoke ? 0 : 1)
}

if (isWanted('fan-out')) {
  const audiences: Audience[] = []
  try {
    for (const count of isSmoke ? [20] : [20, 200, 2_000]) {
      audiences.push(await audienceOfServer(count, await databases.open()))
    }
    for (const count of isSmoke ? [20] : [20, 2_000]) audiences.push(await audienceOfAedes(count))
    const lines: string[] = []
    for (const outstanding of isSmoke ? [16] : [1, 16]) {
      const rows = await compareFanOut(audiences, outstanding, isSmoke ? 1 : 7, isSmoke ? 100 : 600)
      for (const of of rows) {
        const figures = [of.p50Ms.toFixed(1), of.p99Ms.toFixed(1), of.cpuMicros.toFixed(0), of.ofFirst.toFixed(2)]
        const writes = Math.round(of.writesPerSecond).toLocaleString('en')
        lines.push(
          `| ${[outstanding, of.contender, of.subscribers.toLocaleString('en'), writes, ...figures].join(' | ')} |`,
        )
      }
    }
    say(
      '| outstanding | server | subscribers | writes/s | p50, ms | p99, ms | CPU µs a write | writes/s, of the first |',
      '|---|---|---|---|---|---|---|---|',
      ...lines,
    )
  } finally {
    for (const audience of audiences) await audience[Symbol.asyncDispose]()
  }
}

if (isWanted('capture')) {
  await using captured = await startServer('captured', 'mqttspec', await databases.open())
  await using plain = await startServer('not captured', 'mqttspec', await databases.open(), 'no-stream')
  const standings = await compare({
    operations: ['insert', 'update'],
    outstanding: isSmoke ? [16] : [1, 16],
    rounds: isSmoke ? 1 : 7,
    sliceMs: isSmoke ? 100 : 400,
    warmUpMs: isSmoke ? 50 : 300,
    contenders: () => [captured, plain],
  })
  say(table(standings, 'captured'))
}

if (isWanted('catch-up')) {
  const changes = isSmoke ? 2_000 : 100_000
  const perSecond = await measureCatchUp(await databases.open(), changes)
  say(
    `A subscriber ${changes.toLocaleString('en')} changes behind catches up with ${Math.round(perSecond).toLocaleString('en')} a second.`,
  )
}

if (isWanted('idle')) {
  const count = isSmoke ? 50 : 2_000
  const idle = await measureIdle(count, isSmoke ? 1_000 : 20_000)
  say(
    `Statements a second with nothing to do: ${idle.without.toFixed(2)} without a subscription, ${idle.with.toFixed(2)} with ${count.toLocaleString('en')}.`,
  )
}
