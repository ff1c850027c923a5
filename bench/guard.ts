/*
 * What guarding a server costs: a key read with authentication, a permission, a scope and two hooks, against one of a
 * server without. Both take turns in one run.
 *
 *     npx tsx --conditions=@mqttspec/source bench/guard.ts
 */
import { compare, table } from './measure/compare.ts'
import { startServer } from './measure/contender.ts'
import { fillPostgres } from './measure/filled-database.ts'

/** What a guarded read may cost of a plain one. */
const AIM = 1.3

await using databases = await fillPostgres()
if (!databases) {
  console.error('PostgreSQL is not installed: put initdb and postgres on the PATH.')
  process.exit(1)
}
await using plain = await startServer('plain', 'mqttspec', await databases.open())
await using guarded = await startServer('guarded', 'guarded', await databases.open())
// A hook that changes rows is beyond the aim: the answer is read and written again for it.
await using masked = await startServer('guarded and masked', 'guarded', await databases.open(), 'masks')

const standings = await compare({
  operations: ['key read'],
  outstanding: [1, 16, 64],
  rounds: 15,
  sliceMs: 300,
  warmUpMs: 1_500,
  contenders: () => [plain, guarded, masked],
})
console.log(table(standings, 'plain'))
for (const { contender, outstanding, cpuOfFirst, lead } of standings) {
  if (contender !== 'guarded') continue
  const most = Math.max(cpuOfFirst, lead)
  console.log(
    `${outstanding} outstanding: ${cpuOfFirst.toFixed(2)} × the CPU, ${lead.toFixed(2)} × the time; ${most <= AIM ? 'within' : 'over'} ${AIM} ×`,
  )
}
