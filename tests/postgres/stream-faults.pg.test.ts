import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { findPostgres } from './start-postgres.ts'
import { randomOf } from './stream-checker/random.ts'
import { runTrial } from './stream-checker/trial.ts'

/** The gate tries each once or so, the night many times. */
const TIMES = process.env.MQTTSPEC_NIGHTLY === '1' ? 10 : 1
const few = { writers: 6, subscribers: 8 }

describeWith('PostgreSQL', await findPostgres(), () => {
  test('fault D01: a server that is killed at any point of its writes has lost none, and run none twice', async () => {
    const random = randomOf(1, 'kills')
    await runTrial({
      seed: 101,
      ...few,
      faults: async ({ server }) => {
        for (let n = 0; n < 2 * TIMES; n++) {
          await wait(700 + random() * 700)
          await server.kill()
          await server.start()
        }
        await wait(500)
      },
    })
  }, 300_000)

  test('fault D03: a database that crashes five times under load takes nothing with it', async () => {
    await runTrial({
      seed: 103,
      ...few,
      faults: async ({ cluster, server }) => {
        for (let n = 0; n < 5 * TIMES; n++) {
          await cluster.restart('immediate')
          await wait(500)
          expect(server.isAlive).toBe(true)
        }
      },
    })
  }, 300_000)

  test('fault D05: a database that does not answer for 5 s is told as such, and everything goes on after it', async () => {
    const { asked } = await runTrial({
      seed: 105,
      ...few,
      faults: async ({ toDatabase }) => {
        for (let n = 0; n < TIMES; n++) {
          toDatabase.stall()
          await wait(5_000)
          toDatabase.resume()
          await wait(500)
        }
      },
    })
    // Of what was asked of the server; what others take back in SQL is not known to have happened either.
    const unknown = asked.filter(({ op, outcome }) => op.startsWith('w') && outcome === 'unknown')
    expect(unknown.length).toBeLessThan(10 * TIMES)
  }, 300_000)

  test('fault D09: who was away for a while is told all of it, in its order, and nothing twice', async () => {
    await runTrial({
      seed: 109,
      ...few,
      faults: async ({ toReaders }) => {
        for (let n = 0; n < TIMES; n++) {
          toReaders.stall()
          await wait(2_500)
          toReaders.cut('reset')
          toReaders.resume()
          await wait(700)
        }
      },
    })
  }, 300_000)

  test('fault D07: links of clients that are cut, closed, stalled and swallowed change nothing of what comes about', async () => {
    await runTrial({
      seed: 107,
      ...few,
      faults: async ({ toServer, toReaders }) => {
        for (let n = 0; n < 8 * TIMES; n++) {
          if (n % 4 === 3) {
            toServer.stall()
            await wait(500)
            toServer.resume()
          } else for (const link of [toServer, toReaders]) link.cut(n % 2 === 0 ? 'reset' : 'close')
          await wait(350)
        }
        // And once what is sent for 3 s is lost in both directions, while each side believes that the other is there.
        for (const link of [toServer, toReaders]) link.stall()
        await wait(3_000)
        for (const link of [toServer, toReaders]) {
          link.cut('reset')
          link.resume()
        }
        await wait(700)
      },
    })
  }, 300_000)
})
