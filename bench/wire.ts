/*
 * What a request and its reply cost over the embedded broker: against a bare aedes that sends back what it is sent,
 * and against the same query through the database's driver, asked by nobody.
 *
 *     pnpm bench
 */
import { compare, table } from './measure/compare.ts'
import { startServer, startWorker } from './measure/contender.ts'
import { fillPglite, fillPostgres } from './measure/filled-database.ts'
import type { Operation } from './operations.ts'

const OPERATIONS: readonly Operation[] = ['ping', 'key read', 'list of 20', 'insert']

await using databases = (await fillPostgres()) ?? sayPglite()
await using ours = await startServer('mqttspec', 'mqttspec', await databases.open())
await using echo = await startServer('aedes echo', 'aedes-echo')
await using driver = await startWorker('driver', 'driver', await databases.open())

const standings = await compare({
  operations: OPERATIONS,
  outstanding: [1, 16, 64],
  rounds: 3,
  sliceMs: 350,
  warmUpMs: 200,
  contenders: (operation) => (operation === 'ping' ? [ours, echo] : [ours, echo, driver]),
})
console.log(table(standings, 'mqttspec'))

function sayPglite() {
  console.log('PostgreSQL is not installed: PGlite takes its place.\n')
  return fillPglite()
}
