import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import type { Change } from '../../packages/server/src/change/change.ts'
import { openSource } from '../../packages/server/src/change/source/open-source.ts'
import { encodePosition, type Position } from '../../packages/server/src/change/source/position.ts'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { prepareTables } from '../../packages/server/src/entity/prepare-tables.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'
import { sharedDatabase } from './stream-drivers.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer() })
/** Longer than a test takes, not so long that nobody looks meanwhile what is to be forgotten; no part of it is whole. */
const LONG_MS = 40_001

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  /** A stream that keeps so many changes, and what it has logged. */
  async function keeping(maxChanges: number) {
    const shared = await sharedDatabase(cluster)
    const said: string[] = []
    const say = (level: string) => (facts: object, message: string) =>
      void said.push(`${level}: ${message} ${JSON.stringify(facts)}`)
    const logger = { info() {}, warn: say('warn'), error: say('error') }
    const database = await openDatabase(shared.database, { logger })
    const shape = { schema: { items }, wireNames: 'property' as const, casing: undefined }
    const registry = await prepareTables(database, shape, [{ schemaKey: 'items', options: {} }], { createTables: true })
    const [entity] = registry.all()
    if (!entity) throw new Error('there is one')
    const { source } = await openSource(database, [entity], {
      install: true,
      logger,
      isWatched: () => true,
      pollMs: 100,
      maxAgeMs: LONG_MS,
      maxChanges,
      maxRows: 1_000,
      maxDurableAgeMs: LONG_MS,
      maxNames: 9,
    })
    await source.start({ changed: () => undefined, lost: () => undefined })
    const kept = async () => (await shared.sql('select id from mqttspec.change')).length
    return {
      ...shared,
      entity,
      source,
      said,
      kept,
      /** Writes one row; resolves with the place after it. */
      async write(n: number): Promise<Position> {
        await shared.sql(`insert into items (n) values (${n})`)
        const at = await source.caughtUp()
        if (!at) throw new Error('a stream has positions')
        return at
      },
      async [Symbol.asyncDispose]() {
        await source.stop()
        await database.close()
        await shared.close()
      },
    }
  }

  /** Ten changes, and what is told of them to who comes back to each place. */
  async function keepsTheLast(most: number): Promise<void> {
    await using stream = await keeping(most)
    const places: Position[] = []
    const numbers = Array.from({ length: 10 }, (_, n) => n)
    for (const n of numbers) places.push(await stream.write(n))
    await until(async () => (await stream.kept()) === most)
    const upTo = places.at(-1)
    if (!upTo) throw new Error('there are ten')
    for (const [n, after] of places.entries()) {
      const told: (Change | 'gone')[] = []
      for await (const changes of stream.source.history(stream.entity, after, upTo)) {
        told.push(...(changes === 'gone' ? [changes] : changes))
      }
      const missed = places.length - 1 - n
      if (missed > most) expect(told).toEqual(['gone'])
      else expect(told.map((change) => (change === 'gone' ? change : change.new?.n))).toEqual(numbers.slice(n + 1))
    }
    expect(stream.said.filter((line) => line.includes('could not'))).toEqual([])
  }

  async function warnsBefore(most: number): Promise<void> {
    await using stream = await keeping(most)
    const at = await stream.write(0)
    await stream.sql(`insert into mqttspec.durable (owner, name, tbl, content, rights, holder, place, pos)
      values ('["", "who"]', 'late', '${stream.entity.sqlName}', '', '', '', '${encodePosition(at)}', ${at.pos})`)
    for (let n = 1; n <= most; n++) await stream.write(n)
    await until(() => stream.said.some((line) => line.includes('so far behind') && line.includes('"late"')))
    expect(stream.said.filter((line) => !line.includes('so far behind'))).toEqual([])
  }

  test('where 1 to 4 changes are kept at most, these are told to who comes back, and those before them are gone', async () => {
    await Promise.all([1, 2, 3, 4].map(keepsTheLast))
  })

  test('where 1 to 4 changes are kept at most, a durable subscription is warned of before what it needs is forgotten', async () => {
    await Promise.all([1, 2, 3, 4].map(warnsBefore))
  })
})
