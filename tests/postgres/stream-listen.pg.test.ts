import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../packages/server/src/change/change.ts'
import { openSource } from '../../packages/server/src/change/source/open-source.ts'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { prepareTables } from '../../packages/server/src/entity/prepare-tables.ts'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { describeWith } from '../require-service.ts'
import { quiet, until } from '../until.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'
import { DRIVERS, sharedDatabase } from './stream-drivers.ts'

const logger = { info() {}, warn() {}, error() {} }
const items = pgTable('items', { id: serial().primaryKey(), n: integer() })

/** A poll that no test lives to see. */
const NEVER_MS = 600_000

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  describe.each(Object.keys(DRIVERS) as (keyof typeof DRIVERS)[])('what others write, by %s', (driver) => {
    /** A stream over a proxy that can be cut, whose poll never comes. */
    async function listening() {
      const shared = await sharedDatabase(cluster)
      const proxy = await startCuttingProxy(cluster.port)
      const url = shared.url.replace(`:${cluster.port}/`, `:${proxy.port}/`)
      const database = await openDatabase(DRIVERS[driver](url), { logger })
      const source = { schema: { items }, wireNames: 'property' as const, casing: undefined }
      const registry = await prepareTables(database, source, [{ schemaKey: 'items', options: {} }], {
        createTables: true,
      })
      const heard: Change[] = []
      const stream = await openSource(database, [...registry.all()], {
        install: true,
        logger,
        isWatched: () => true,
        pollMs: NEVER_MS,
        maxAgeMs: NEVER_MS,
        maxChanges: 1_000,
        maxRows: 1_000,
        maxDurableAgeMs: NEVER_MS,
        maxNames: 1,
      })
      await stream.source.start({ changed: (changes) => void heard.push(...changes), lost: () => undefined })
      return {
        shared,
        proxy,
        heard,
        [Symbol.asyncDispose]: async () => {
          await stream.source.stop()
          await database.close()
          await shared.close()
          await proxy[Symbol.asyncDispose]()
        },
      }
    }
    const listens = async (of: { shared: { sql(text: string): Promise<readonly unknown[]> } }) =>
      (
        await of.shared.sql(
          "select 1 from pg_stat_activity where query = 'listen mqttspec' and datname = current_database()",
        )
      ).length > 0

    test('is told at once, long before anybody would look for it', async () => {
      await using stream = await listening()
      await until(() => listens(stream))
      const took: number[] = []
      for (let n = 1; n <= 20; n++) {
        const startedAt = performance.now()
        await stream.shared.sql(`insert into items (n) values (${n})`)
        await until(() => stream.heard.length === n)
        took.push(performance.now() - startedAt)
      }
      // Most take 5 ms; what else the machine does may come in between for some.
      expect(took.sort((a, b) => a - b)[10]).toBeLessThan(200)
      expect(stream.heard.map((change) => change.new?.n)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
    })

    test('is told after the connection was lost, also what was written meanwhile', async () => {
      await using stream = await listening()
      await until(() => listens(stream))
      for (let n = 1; n <= 5; n++) {
        stream.proxy.cut(n % 2 === 0 ? 'reset' : 'close')
        await stream.shared.sql(`insert into items (n) values (${n})`)
        await until(() => stream.heard.length === n, 10_000)
      }
      expect(stream.heard.map((change) => change.new?.n)).toEqual([1, 2, 3, 4, 5])
    })

    test('ends with the server, and leaves no connection behind', async () => {
      const stream = await listening()
      await until(() => listens(stream))
      await stream[Symbol.asyncDispose]()
      await quiet(50)
      const after = await sharedDatabase(cluster)
      expect(await after.sql("select query from pg_stat_activity where query = 'listen mqttspec'")).toEqual([])
      await after.close()
    })
  })
})
