import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Database, Runner } from '../../packages/server/src/db/database.ts'
import { DatabaseError } from '../../packages/server/src/db/database-error.ts'
import { openNodePostgres } from '../../packages/server/src/db/node-postgres.ts'
import { openPostgresJs } from '../../packages/server/src/db/postgres-js.ts'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { findPostgres, startPostgres } from './start-postgres.ts'

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

const DRIVERS = {
  'postgres.js': (url: string, more = {}) => openPostgresJs(url, { logger, ...more }),
  'node-postgres': (url: string, more = {}) => openNodePostgres({ connectionString: url }, { logger, ...more }),
}

const CUT_EVERY_MS = 150
const CUTS = 33
const WRITERS = 16

/** What a load has done so far. */
interface Load {
  acknowledged: number
  lost: number
  /** Failures that are no lost connection. */
  readonly odd: unknown[]
  stop(): Promise<void>
}

/**
 * Writers without a pause: singles, and transactions that write the same number into two tables, with a wait in
 * between. A number in only one of the tables is a statement that ran outside of its transaction.
 */
function startLoad(database: Database): Load {
  let going = true
  let next = 0
  const load: Load = { acknowledged: 0, lost: 0, odd: [], stop: async () => undefined }
  const write = (runner: Runner, table: string, number: number) =>
    runner.run({ text: `insert into ${table} values ($1::text::int4)`, params: [String(number)] })
  const transaction = (number: number, pause: boolean) =>
    database.transaction(async (running) => {
      await write(running, 'first', number)
      if (pause) await wait(number % 10)
      await write(running, 'second', number)
    })
  const writer = async (kind: number): Promise<void> => {
    while (going) {
      const number = next++
      try {
        await (kind % 2 === 0 ? write(database, 'single', number) : transaction(number, kind % 4 === 1))
        load.acknowledged += 1
      } catch (error) {
        if (error instanceof DatabaseError && error.connectionLost) load.lost += 1
        else load.odd.push(error)
        await wait(5)
      }
    }
  }
  const writers = Promise.all(Array.from({ length: WRITERS }, (_, kind) => writer(kind)))
  load.stop = async () => {
    going = false
    await writers
  }
  return load
}

/** Errors that nobody caught, since the process would have ended with them. */
function watchProcess(): Disposable & { readonly uncaught: unknown[] } {
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  return {
    uncaught,
    [Symbol.dispose]: () => {
      process.off('uncaughtException', note)
      process.off('unhandledRejection', note)
    },
  }
}

async function makeTables(database: Database): Promise<void> {
  await database.script('create table single (n int); create table first (n int); create table second (n int)')
}

async function number(database: Database, text: string): Promise<number> {
  const [row] = await database.run({ text, params: [] })
  return Number(row?.[0])
}

const HALVES = `select count(*)::text from (select n from first) a full join (select n from second) b using (n)
  where a.n is null or b.n is null`

/** Asserts that the load has ended with every call settled, and that it did no half a thing. */
async function expectWhole(database: Database, load: Load): Promise<void> {
  await load.stop()
  expect(load.odd).toEqual([])
  expect(await number(database, `select (${HALVES.replace('::text', '')})::text`)).toBe(0)
  const written = 'select ((select count(*) from single) + (select count(*) from first))::text'
  expect(await number(database, written)).toBeGreaterThanOrEqual(load.acknowledged)
}

describeWith('PostgreSQL', await findPostgres(), () => {
  describe.each(Object.entries(DRIVERS))('%s', (_name, open) => {
    it.each(['reset', 'close'] as const)(
      'survives that every connection is cut again and again (%s), and does nothing by halves (fault D04)',
      async (how) => {
        using watch = watchProcess()
        await using server = await startPostgres()
        if (!server) throw new Error('PostgreSQL has gone')
        await using proxy = await startCuttingProxy(server.port)
        const database = open(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`)
        await makeTables(database)
        const load = startLoad(database)
        for (let cut = 0; cut < CUTS; cut++) {
          await wait(CUT_EVERY_MS)
          proxy.cut(how)
        }
        await expectWhole(database, load)
        expect(proxy.cuts).toBeGreaterThan(CUTS)
        expect(load.lost).toBeGreaterThan(CUTS)
        expect(load.acknowledged).toBeGreaterThan(CUTS)
        await database.close()
        expect(watch.uncaught).toEqual([])
      },
      60_000,
    )

    it('survives a crash of the server, and goes on when it is back (fault D03)', async () => {
      using watch = watchProcess()
      await using server = await startPostgres()
      if (!server) throw new Error('PostgreSQL has gone')
      const database = open(server.url)
      await makeTables(database)
      const load = startLoad(database)
      await until(() => load.acknowledged > 100)
      await server.restart('immediate')
      const before = load.acknowledged
      await until(() => load.acknowledged > before + 100)
      await expectWhole(database, load)
      expect(load.lost).toBeGreaterThan(0)
      await database.close()
      expect(watch.uncaught).toEqual([])
    }, 60_000)

    it('gives up on a server that no longer answers', async () => {
      await using server = await startPostgres()
      if (!server) throw new Error('PostgreSQL has gone')
      await using proxy = await startCuttingProxy(server.port)
      const database = open(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`, { statementTimeoutMs: 1_000 })
      await database.run({ text: 'select 1', params: [] })
      proxy.stall()
      await expect(database.run({ text: 'select 1', params: [] })).rejects.toThrow('has not answered')
      proxy.resume()
      await database.run({ text: 'select 1', params: [] })
      await database.close()
    }, 60_000)
  })
})
