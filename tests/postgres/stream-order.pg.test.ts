import { defineSpec, type Server } from '@mqttspec/server'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { FoldedSet } from '../suites/folded-set.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres, type RunningPostgres } from './start-postgres.ts'

const items = pgTable('items', { id: integer().primaryKey(), n: integer() })
const api = defineSpec({ schema: { items } }).entity('items')
const logger = { info() {}, warn() {}, error() {} }

/** A server over a database of its own, and sessions whose transactions overlap as a test says. */
class Overlap implements AsyncDisposable {
  readonly #url: string
  readonly #sessions: postgres.Sql[] = []
  readonly #clients: WireClient[] = []
  #server: Server
  #asked = 0

  private constructor(url: string, server: Server) {
    this.#url = url
    this.#server = server
  }

  static async over(cluster: RunningPostgres): Promise<Overlap> {
    const url = await cluster.createDatabase()
    return new Overlap(url, await Overlap.#listen(url))
  }

  static #listen(database: string): Promise<Server> {
    const broker = { port: 0, webSocket: false } as const
    // Whoever waits for the turn waits for as long as the test has it.
    const limits = { maxLockMs: 20_000, maxStatementMs: 20_000 }
    return api.listen({ database, createTables: true, install: true, logger, broker, limits })
  }

  async restart(): Promise<void> {
    await this.#server.close()
    this.#server = await Overlap.#listen(this.#url)
  }

  /** One session: it runs one statement after the other. */
  session(): (statement: string) => Promise<readonly Record<string, unknown>[]> {
    const sql = postgres(this.#url, { max: 1, onnotice: () => {} })
    this.#sessions.push(sql)
    return async (statement) => (await sql.unsafe(statement)) as never
  }

  /** While the turn is taken no change is given a position: all that is committed meanwhile becomes one batch. */
  async asOneBatch(body: () => Promise<unknown>): Promise<void> {
    const turn = this.session()
    await turn('begin')
    await turn('select 1 from mqttspec.stream for update')
    await body()
    await turn('commit')
  }

  async subscribe(options: object = {}): Promise<FoldedSet & { at: string }> {
    const id = `c${++this.#asked}`
    const client = await WireClient.connect(`mqtt://127.0.0.1:${this.#server.addresses.mqtt?.port}`, id)
    this.#clients.push(client)
    const message = { id, type: 'subscription', operation: 'subscribe', entity: 'items', options }
    const reply = await client.ask(message)
    expect(reply.error).toBeUndefined()
    const { notify_topic, at } = reply.data as Record<'notify_topic' | 'at', string>
    return Object.assign(new FoldedSet(client, notify_topic), { at })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]()
    await this.#server.close()
    for (const sql of this.#sessions) await sql.end({ timeout: 1 })
  }
}

/** What a subscriber was told: key and number of each change, or that a row went. */
const told = (set: FoldedSet): readonly string[] =>
  set.fold().events.flatMap(({ key, change, data }) => (key === undefined ? [] : [said(key, change, data.n)]))
const said = (key: number, change: string | undefined, n: unknown): string =>
  change === 'leave' ? `${key} went` : `${key}=${n}`

async function untilTold(set: FoldedSet, expected: readonly string[]): Promise<void> {
  await until(() => told(set).length >= expected.length, 15_000).catch(() => undefined)
  expect(told(set)).toEqual(expected)
  expect(wrongNumbers(set)).toEqual([])
}

/** It may be told of rows that were there before it. */
const wrongNumbers = ({ wrong }: FoldedSet): readonly string[] => wrong.filter((what) => what.startsWith('seq'))

/** What comes to who goes on after `at`, until the stream is known to have nothing more. */
async function toldSince(overlap: Overlap, at: string | undefined): Promise<readonly string[]> {
  const set = await overlap.subscribe({ since: at })
  await until(() => set.fold().ready, 15_000)
  expect([set.resets, ...wrongNumbers(set)]).toEqual([0])
  return told(set)
}

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  test('a row’s changes come as they were committed, whoever began first: transaction ids say nothing', async () => {
    await using overlap = await Overlap.over(cluster)
    const [alone, ...others] = Array.from({ length: 7 }, () => overlap.session())
    if (!alone) throw new Error('there are seven')
    await alone('insert into items values (1, 0)')
    const set = await overlap.subscribe()
    await overlap.asOneBatch(async () => {
      // Each has its transaction id, and the id of a change, before those after it.
      for (const [n, session] of others.entries()) await session(`begin; insert into items values (${10 + n}, 0)`)
      for (const [n, session] of [...others.entries()].reverse()) {
        await session(`update items set n = ${100 - n} where id = 1`)
        await session('commit')
      }
    })
    const expected = [5, 4, 3, 2, 1, 0].flatMap((n) => [`${10 + n}=0`, `1=${100 - n}`])
    await untilTold(set, expected)
    expect(await toldSince(overlap, set.at)).toEqual(expected)
  })

  test('a transaction comes as a whole, after all that it could have seen, whichever changed its first row first', async () => {
    await using overlap = await Overlap.over(cluster)
    const [early, late] = [overlap.session(), overlap.session()]
    await early('insert into items values (1, 0), (2, 0), (3, 0)')
    const set = await overlap.subscribe()
    await overlap.asOneBatch(async () => {
      await early('begin; update items set n = 1 where id = 1')
      await late('begin; update items set n = 2 where id = 2; update items set n = 2 where id = 3; commit')
      await early('update items set n = n + 10 where id = 2')
      await early('commit')
      await late('update items set n = 3 where id = 1')
    })
    await untilTold(set, ['2=2', '3=2', '1=1', '2=12', '1=3'])
  })

  test('two that change one row in turn, again and again, are told in turn', async () => {
    await using overlap = await Overlap.over(cluster)
    const [one, two] = [overlap.session(), overlap.session()]
    await one('insert into items values (1, 0)')
    const set = await overlap.subscribe()
    const expected: string[] = []
    await overlap.asOneBatch(async () => {
      for (let n = 1; n <= 20; n++) {
        const [first, second] = n % 2 ? [one, two] : [two, one]
        // The other one is there first, and has to wait.
        await second(`begin; insert into items values (${1_000 + n}, 0)`)
        await first(`begin; update items set n = n + 1 where id = 1`)
        const waits = second('update items set n = n + 1 where id = 1')
        await first('commit')
        await waits
        await second('commit')
        expected.push(`1=${2 * n - 1}`, `${1_000 + n}=0`, `1=${2 * n}`)
      }
    })
    await untilTold(set, expected)
  })

  test('what is done under savepoints belongs to its transaction, and what was taken back to them is not told', async () => {
    await using overlap = await Overlap.over(cluster)
    const [early, other] = [overlap.session(), overlap.session()]
    await early('insert into items values (1, 0), (2, 0)')
    const set = await overlap.subscribe()
    await early('begin; savepoint a; update items set n = 1 where id = 1; release a')
    await early('savepoint b; update items set n = 99 where id = 2; rollback to b')
    // The row is free again, and this one is committed in between.
    await other('update items set n = 5 where id = 2')
    await untilTold(set, ['2=5'])
    await early('savepoint c; update items set n = 6 where id = 2; savepoint d; insert into items values (3, 1)')
    await early('rollback to d; insert into items values (4, 1); release c; commit')
    await untilTold(set, ['2=5', '1=1', '2=6', '4=1'])
    expect(await toldSince(overlap, set.at)).toEqual(['2=5', '1=1', '2=6', '4=1'])
  })

  test('a transaction that is open while hundreds of others are told holds up none of them, and is told itself', async () => {
    await using overlap = await Overlap.over(cluster)
    const [early, never, other] = [overlap.session(), overlap.session(), overlap.session()]
    const set = await overlap.subscribe()
    await early('begin; insert into items values (1, 0)')
    await never('begin; insert into items values (2, 0)')
    const expected: string[] = []
    for (let n = 0; n < 300; n++) {
      await other(`insert into items values (${1_000 + n}, 0)`)
      expected.push(`${1_000 + n}=0`)
      // In many batches.
      if (n % 50 === 0) await untilTold(set, expected)
    }
    await untilTold(set, expected)
    const before = set.events.at(-1)?.at
    // Every position up to here is before it, whenever it is committed.
    expect(await toldSince(overlap, before)).toEqual([])
    await overlap.restart()
    await early('insert into items values (3, 0); commit')
    await never('rollback')
    expect(await toldSince(overlap, before)).toEqual(['1=0', '3=0'])
    expect(await toldSince(overlap, set.at)).toEqual([...expected, '1=0', '3=0'])
    expect(await toldSince(overlap, set.events[100]?.at)).toEqual([...expected.slice(101), '1=0', '3=0'])
  })

  test('many that overlap and are committed one by one are each told once, whoever of them is still open', async () => {
    await using overlap = await Overlap.over(cluster)
    const sessions = Array.from({ length: 12 }, () => overlap.session())
    const set = await overlap.subscribe()
    for (const [n, session] of sessions.entries()) await session(`begin; insert into items values (${n}, 0)`)
    const expected: string[] = []
    for (const n of [5, 0, 11, 6, 1, 10, 2, 9]) {
      // Every other one after the batch of the one before.
      await sessions[n]?.(n % 4 === 2 ? 'rollback' : 'commit')
      if (n % 4 !== 2) expected.push(`${n}=0`)
      if (n % 2) await untilTold(set, expected)
    }
    await untilTold(set, expected)
    for (const n of [8, 3, 7, 4]) {
      await sessions[n]?.('commit')
      expected.push(`${n}=0`)
      await untilTold(set, expected)
    }
    for (const [place, { at }] of set.events.entries()) {
      expect(await toldSince(overlap, at)).toEqual(expected.slice(place + 1))
    }
  })

  test('a position in a batch of several transactions resumes exactly after its event', async () => {
    await using overlap = await Overlap.over(cluster)
    const [one, two] = [overlap.session(), overlap.session()]
    const set = await overlap.subscribe()
    await overlap.asOneBatch(async () => {
      await one('begin; insert into items values (1, 0), (2, 0)')
      await two('insert into items values (3, 0), (4, 0)')
      await one('insert into items values (5, 0); commit')
      await two('delete from items where id = 1; update items set id = 6 where id = 2')
    })
    const expected = ['3=0', '4=0', '1=0', '2=0', '5=0', '1 went', '2 went', '6=0']
    await untilTold(set, expected)
    const positions = set.events.map(({ at }) => at)
    // A changed key is two events of one change, with one position.
    expect(positions[6]).toBe(positions[7])
    for (const [place, at] of positions.entries()) {
      if (place !== 6) expect(await toldSince(overlap, at)).toEqual(expected.slice(place + 1))
    }
  })

  test('one that has begun last, and had an id before another one, is told when it is committed', async () => {
    await using overlap = await Overlap.over(cluster)
    const [first, last] = [overlap.session(), overlap.session()]
    const set = await overlap.subscribe()
    await first('begin; select pg_current_xact_id()')
    await last('begin; insert into items values (1, 0)')
    await first('insert into items values (2, 0); commit')
    await untilTold(set, ['2=0'])
    // It was not among those in progress: it came after all that there were. And its ids are not the last ones.
    await last('commit')
    await untilTold(set, ['2=0', '1=0'])
  })

  test('a position of an event in the past knows what was seen before the past began', async () => {
    await using overlap = await Overlap.over(cluster)
    const [early, other] = [overlap.session(), overlap.session()]
    await early('begin; insert into items values (1, 0)')
    let at = ''
    await overlap.asOneBatch(async () => {
      await other('insert into items values (2, 0)')
      ;({ at } = await overlap.subscribe())
      await early('commit')
    })
    await other('insert into items values (3, 0)')
    const set = await overlap.subscribe({ since: at })
    // The second row was seen, and comes after the first one in the stream.
    await untilTold(set, ['1=0', '3=0'])
    expect(await toldSince(overlap, set.events[0]?.at)).toEqual(['3=0'])
    expect(await toldSince(overlap, set.events[1]?.at)).toEqual([])
  })

  test('transaction ids that a crash of the database has given away again are told too', async () => {
    await using overlap = await Overlap.over(cluster)
    const sql = overlap.session()
    await sql('insert into items values (1, 0)')
    const set = await overlap.subscribe()
    await sql('insert into items values (2, 0)')
    await untilTold(set, ['2=0'])
    // As after a crash that took back transactions which the stream had seen begin, and nothing of which was on the disk.
    await sql(`update mqttspec.stream set seen = (select m || ':' || m || ':' from
      (select (pg_snapshot_xmax(pg_current_snapshot())::text::int8 + 1000)::text as m) t)`)
    await sql('insert into items values (3, 0)')
    await untilTold(set, ['2=0', '3=0'])
    await sql('insert into items values (4, 0); update items set n = 1 where id = 3')
    await untilTold(set, ['2=0', '3=0', '4=0', '3=1'])
  })
})
