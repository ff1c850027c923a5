import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { installStream } from '../../packages/server/src/change/source/install-stream.ts'
import {
  ANY_FRESH,
  changesBetween,
  sequence,
  TAKE_TURN,
} from '../../packages/server/src/change/source/stream-statements.ts'
import type { Statement } from '../../packages/server/src/db/database.ts'
import { openPostgresJs } from '../../packages/server/src/db/postgres-js.ts'
import { prepareTables } from '../../packages/server/src/entity/prepare-tables.ts'
import { describeWith } from '../require-service.ts'
import { findPostgres, startPostgres } from './start-postgres.ts'

const logger = { info() {}, warn() {}, error() {} }
const items = pgTable('items', { id: serial().primaryKey(), n: integer() })

describeWith('PostgreSQL', await findPostgres(), () => {
  test.each([
    ['before Postgres has statistics', ''],
    ['with statistics', 'analyze mqttspec.change; analyze mqttspec.batch; analyze mqttspec.stream'],
  ])(
    'a look into a long log reads no more than what is new, and compiles nothing: %s',
    async (_, prepare) => {
      await using cluster = await startPostgres({ autovacuum: 'off' })
      if (!cluster) throw new Error('PostgreSQL has gone')
      const database = openPostgresJs(cluster.url, { logger })
      const source = { schema: { items }, wireNames: 'property' as const, casing: undefined }
      const registry = await prepareTables(database, source, [{ schemaKey: 'items', options: {} }], {
        createTables: true,
      })
      await installStream(database, [...registry.all()])
      const run = (text: string) => database.run({ text, params: [] })
      const give = async () => database.run(sequence((await database.run(TAKE_TURN))[0] ?? []))
      await run('insert into items (n) select 1 from generate_series(1, 50000)')
      await give()
      for (let n = 0; n < 300; n++) {
        await run('insert into items (n) values (1)')
        await give()
      }
      if (prepare) await database.script(prepare)
      const plan = async ({ text, params }: Statement) =>
        (await database.run({ text: `explain (analyze, timing off) ${text}`, params })).map(([line]) => line).join('\n')
      const fresh = await plan(ANY_FRESH)
      await run('insert into items (n) values (1)')
      const given = await plan(sequence((await database.run(TAKE_TURN))[0] ?? []))
      const read = await plan(changesBetween(50_300n, 2n ** 62n, 2_000))
      for (const text of [fresh, given, read]) {
        expect(text).not.toMatch(/Seq Scan on change|JIT/)
        expect(Math.max(...[...text.matchAll(/actual rows=(\d+)/g)].map(([, rows]) => Number(rows)))).toBeLessThan(400)
      }
      await database.close()
    },
    60_000,
  )
})
