import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../packages/server/src/change/change.ts'
import { openSource } from '../../packages/server/src/change/source/open-source.ts'
import { decodePosition, type Position, positionAfter } from '../../packages/server/src/change/source/position.ts'
import { prune } from '../../packages/server/src/change/source/stream-statements.ts'
import type { Database, Statement } from '../../packages/server/src/db/database.ts'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { prepareTables } from '../../packages/server/src/entity/prepare-tables.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'
import { sharedDatabase } from './stream-drivers.ts'

const logger = { info() {}, warn() {}, error() {} }
const items = pgTable('items', { id: serial().primaryKey(), n: integer() })

const LONG_MS = 600_000
/** As a server does that keeps less, or has more to keep. */
const FORGET_ALL = `
  with forgotten as (delete from mqttspec.batch returning 1), changes as (delete from mqttspec.change)
  update mqttspec.stream set pruned = pos, pruned_mark = mark where exists (select from forgotten)`
const FORGET_FIRST = `
  with forgotten as (delete from mqttspec.batch where first = 1 returning ids),
    changes as (delete from mqttspec.change where id = any(select unnest(ids) from forgotten))
  update mqttspec.stream set pruned = 2, pruned_mark = mark where exists (select from forgotten)`
const INSERT = (n: number) => `insert into items (n) select g from generate_series(1, ${n}) g`

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  /** A stream, and something that happens just before a statement of it that has a text in it, once. */
  async function stream(pollMs = 50, maxAgeMs = LONG_MS) {
    const shared = await sharedDatabase(cluster)
    const real = await openDatabase(shared.database, { logger })
    let armed: { readonly at: string; readonly act: string | 'fail' } | undefined
    const run: Database['run'] = async (statement) => {
      const { act } = armed && statement.text.includes(armed.at) ? armed : {}
      if (act !== undefined) {
        armed = undefined
        if (act === 'fail') throw new Error('the database went away')
        await shared.sql(act)
      }
      return real.run(statement)
    }
    const database = new Proxy(real, {
      get: (_, name) => {
        const value: unknown = name === 'run' ? run : Reflect.get(real, name)
        return typeof value === 'function' ? value.bind(real) : value
      },
    })
    const shape = { schema: { items }, wireNames: 'property' as const, casing: undefined }
    const registry = await prepareTables(real, shape, [{ schemaKey: 'items', options: {} }], { createTables: true })
    const [entity] = registry.all()
    if (!entity) throw new Error('there is one')
    const heard: Change[] = []
    const lost: string[] = []
    const order: string[] = []
    const transactions: unknown[][] = []
    const { source } = await openSource(database, [entity], {
      install: true,
      logger,
      isWatched: () => true,
      pollMs,
      maxAgeMs,
      maxChanges: 1_000_000,
      maxRows: 1_000,
      maxDurableAgeMs: LONG_MS,
      maxNames: 1,
    })
    await source.start({
      changed: async (changes) => {
        heard.push(...changes)
        transactions.push(changes.map((change) => change.new?.n))
        order.push(...changes.map((change) => `${change.new?.n}`))
      },
      lost: (_, reason) => {
        lost.push(reason)
        order.push(reason)
      },
    })
    const begun = await source.now()
    if (!begun) throw new Error('a stream has positions')
    return {
      sql: shared.sql,
      session: shared.session,
      run: (statement: Statement) => real.run(statement),
      source,
      entity,
      begun,
      heard,
      lost,
      order,
      transactions,
      before: (at: string, act: string) => {
        armed = { at, act }
      },
      [Symbol.asyncDispose]: async () => {
        await source.stop()
        await real.close()
        await shared.close()
      },
    }
  }

  describe('changes that are forgotten while they are read', () => {
    test.each([
      ['before its second page is read', 'unnest(b.ids) with ordinality', 1],
      ['before its first page is read', 'unnest(b.ids) with ordinality', 0],
      ['before its rows are read', 'json_populate_record', 0],
    ])('are said to be gone, where a history is read: %s', async (_, at, page) => {
      await using past = await stream()
      await past.sql(INSERT(5_000))
      const upTo = await past.source.caughtUp()
      if (!upTo) throw new Error('a stream has positions')
      await until(() => past.heard.length === 5_000)
      const told: (number | 'gone')[] = []
      if (page === 0) past.before(at, FORGET_ALL)
      for await (const changes of past.source.history(past.entity, past.begun, upTo)) {
        told.push(changes === 'gone' ? 'gone' : changes.length)
        if (told.length === page) past.before(at, FORGET_ALL)
      }
      expect(told).toEqual(page === 0 ? ['gone'] : [2_000, 'gone'])
    })

    test('are told whole where nothing is forgotten, however many pages it are', async () => {
      await using past = await stream()
      for (const n of [1_999, 2, 1, 2_500]) await past.sql(INSERT(n))
      const upTo = await past.source.caughtUp()
      if (!upTo) throw new Error('a stream has positions')
      const told: unknown[] = []
      for await (const changes of past.source.history(past.entity, past.begun, upTo)) {
        told.push(...(changes === 'gone' ? [changes] : changes.map((change) => change.new?.id)))
      }
      expect(told).toEqual(Array.from({ length: 4_502 }, (_, index) => index + 1))
    })

    test('are said to be gone where only the first of them are, and the rest is still there', async () => {
      await using past = await stream()
      for (let n = 0; n < 3; n++) {
        await past.sql(INSERT(2))
        await until(() => past.heard.length === 2 * n + 2)
      }
      const upTo = await past.source.caughtUp()
      if (!upTo) throw new Error('a stream has positions')
      past.before('unnest(b.ids) with ordinality', FORGET_FIRST)
      const told: (readonly Change[] | 'gone')[] = []
      for await (const changes of past.source.history(past.entity, past.begun, upTo)) told.push(changes)
      expect(told).toEqual(['gone'])
    })

    test('are told as lost to who follows, and what comes after them is told', async () => {
      await using live = await stream()
      live.before('json_populate_record', FORGET_ALL)
      await live.sql(INSERT(3))
      await until(() => live.lost.length === 1)
      expect([live.lost, live.heard]).toEqual([['history'], []])
      await live.sql(INSERT(2))
      await until(() => live.heard.length === 2)
      expect(live.lost).toHaveLength(1)
    })
  })

  test('as many changes are kept as is said, and no position is known from which some are missing', async () => {
    await using past = await stream()
    const positions: Position[] = [past.begun]
    for (let n = 0; n < 30; n++) {
      await past.sql(INSERT(1))
      const at = await past.source.caughtUp()
      if (at) positions.push(at)
    }
    const kept = 10
    await past.run(prune(LONG_MS, kept))
    const upTo = positions.at(-1) ?? past.begun
    for (const [n, after] of positions.entries()) {
      const told: (readonly Change[] | 'gone')[] = []
      for await (const changes of past.source.history(past.entity, after, upTo)) told.push(changes)
      const missed = 30 - n
      if (missed > kept) expect(told).toEqual(['gone'])
      else expect(told.flatMap((changes): unknown[] => [...changes])).toHaveLength(missed)
    }
  })

  test('a truncated table is gone for who comes from before it, and not for who has seen it empty', async () => {
    await using past = await stream()
    await past.sql(INSERT(2))
    await until(() => past.heard.length === 2)
    const turn = await past.session?.()
    if (!turn) throw new Error('it is a Postgres of its own')
    await turn.sql('begin')
    await turn.sql('select 1 from mqttspec.stream for update')
    await past.sql('truncate items')
    const seen = await past.source.now()
    await turn.sql('rollback')
    await turn.end()
    await past.sql(INSERT(1))
    const upTo = await past.source.caughtUp()
    if (!seen || !upTo) throw new Error('a stream has positions')
    const toldSince = async (after: Position): Promise<readonly (number | 'gone')[]> => {
      const told: (number | 'gone')[] = []
      for await (const changes of past.source.history(past.entity, after, upTo)) {
        if (changes.length > 0) told.push(changes === 'gone' ? 'gone' : changes.length)
      }
      return told
    }
    expect(await toldSince(seen)).toEqual([1])
    expect(await toldSince(past.begun)).toEqual(['gone'])
  })

  test('a truncated table is told between what came before it and what came after it, also within a transaction', async () => {
    await using live = await stream()
    const turn = await live.session?.()
    if (!turn) throw new Error('it is a Postgres of its own')
    await turn.sql('begin')
    await turn.sql('select 1 from mqttspec.stream for update')
    await live.sql('insert into items (n) values (1)')
    await live.sql('begin; insert into items (n) values (2); truncate items; insert into items (n) values (3); commit')
    await live.sql('insert into items (n) values (4)')
    await turn.sql('rollback')
    await turn.end()
    await until(() => live.order.length >= 5)
    expect(live.order).toEqual(['1', '2', 'truncate', '3', '4'])
  })

  test('each transaction of a batch is handed on by itself, and as a whole', async () => {
    await using live = await stream()
    const turn = await live.session?.()
    if (!turn) throw new Error('it is a Postgres of its own')
    await turn.sql('begin')
    await turn.sql('select 1 from mqttspec.stream for update')
    await live.sql('insert into items (n) values (1), (2)')
    await live.sql('begin; insert into items (n) values (3); update items set n = 4 where n = 3; commit')
    await live.sql('insert into items (n) values (5)')
    await turn.sql('rollback')
    await turn.end()
    await until(() => live.heard.length === 5)
    expect(live.transactions).toEqual([[1, 2], [3, 4], [5]])
  })

  test('a position says what was seen until all of that has a place, also where a look has failed meanwhile', async () => {
    await using live = await stream(LONG_MS)
    const early = await live.session?.()
    if (!early) throw new Error('it is a Postgres of its own')
    // As the writes of another server, of which this one is not notified.
    for (const run of [early.sql, live.sql]) await run("set mqttspec.server = '1'")
    await early.sql('begin; insert into items (n) values (1)')
    await live.sql('insert into items (n) values (2)')
    // It sees the second one, which has no place in the stream yet.
    const seen = await live.source.now()
    await early.sql('commit')
    await live.sql('insert into items (n) values (3)')
    live.before('unnest(b.ids) with ordinality', 'fail')
    live.source.committed([])
    await until(() => live.heard.length === 3)
    expect(live.order).toEqual(['1', '2', '3'])
    const upTo = await live.source.caughtUp()
    if (!seen || !upTo) throw new Error('a stream has positions')
    const toldSince = async (after: Position) => {
      const told: unknown[] = []
      for await (const changes of live.source.history(live.entity, after, upTo)) {
        told.push(...(changes === 'gone' ? [changes] : changes.map((change) => change.new?.n)))
      }
      return told
    }
    expect(await toldSince(seen)).toEqual([1, 3])
    for (const change of live.heard) {
      if (!change.place || change.new?.n === 2) continue
      const after = decodePosition(positionAfter(seen, change.place))
      expect(await toldSince(after)).toEqual([1, 3].slice([1, 3].indexOf(Number(change.new?.n)) + 1))
    }
    await early.end()
  })

  test('what is committed during a look is found by the next one, which follows at once', async () => {
    await using live = await stream(LONG_MS)
    // Positions are given by then, so that this look does not find it any more; but it is notified of it.
    live.before('unnest(b.ids) with ordinality', 'insert into items (n) values (2); select pg_sleep(0.3)')
    await live.sql('insert into items (n) values (1)')
    await until(() => live.heard.length === 2)
    expect(live.order).toEqual(['1', '2'])
  })

  test('a request is remembered for a day, however soon changes are forgotten', async () => {
    await using kept = await stream(50, 1_000)
    await kept.sql(`insert into mqttspec.request (client, id, hash, data, replied, at)
      select 'c', hours, '', '', '', now() - hours * interval '1 hour' from unnest(array[0, 23, 25]) hours`)
    await kept.sql(INSERT(1))
    await until(async () => (await kept.sql('select 1 from mqttspec.change')).length === 0, 15_000)
    await until(async () => (await kept.sql('select 1 from mqttspec.request')).length < 3, 15_000)
    expect(await kept.sql('select id from mqttspec.request order by id')).toEqual([{ id: '0' }, { id: '23' }])
  })
})
