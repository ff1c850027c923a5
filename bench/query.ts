/*
 * What a query costs end to end: an MQTT client asks, a server answers; against Drizzle built for each request with
 * JSON.stringify behind the same broker, and against the bare driver, which is asked by nobody.
 *
 *     npx tsx --conditions=@mqttspec/source bench/query.ts
 */
import { compare, table } from './measure/compare.ts'
import { startServer, startWorker } from './measure/contender.ts'
import { fillPostgres } from './measure/filled-database.ts'
import type { Operation } from './operations.ts'

const OPERATIONS: readonly Operation[] = [
  'key read',
  'list of 20',
  'list of 1,000',
  'preload 20 × 5',
  'insert',
  'update',
]

await using databases = await fillPostgres()
if (!databases) {
  console.error('PostgreSQL is not installed: put initdb and postgres on the PATH.')
  process.exit(1)
}
await using ours = await startServer('mqttspec', 'mqttspec', await databases.open())
await using drizzle = await startServer('drizzle', 'drizzle', await databases.open())
await using driver = await startWorker('driver', 'driver', await databases.open())

const only = process.argv.slice(2)
const standings = await compare({
  operations: OPERATIONS.filter((operation) => only.length === 0 || only.includes(operation)),
  outstanding: [1, 16, 64],
  rounds: 5,
  sliceMs: 400,
  warmUpMs: 300,
  contenders: () => [ours, drizzle, driver],
})
console.log(table(standings, 'mqttspec'))
