import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database, Runner } from '../../packages/server/src/db/database.ts'
import { DatabaseError } from '../../packages/server/src/db/database-error.ts'

/**
 * What every `Database` promises, whatever is behind it. `open` gives one on an empty database. Where nobody else has its
 * sessions, the triggers know that what they write is the server's own.
 */
export function databaseSuite(open: () => Promise<Database>, { isShared = false } = {}): void {
  let database: Database

  const all = (text: string, ...params: (string | null)[]) => database.run({ text, params })
  const one = async (text: string, ...params: (string | null)[]) => (await all(text, ...params))[0]?.[0]
  const failure = async (work: Promise<unknown>): Promise<DatabaseError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof DatabaseError)) throw new Error(`expected a DatabaseError, got ${String(error)}`)
    return error
  }
  const insert = (runner: Runner, id: number) =>
    runner.run({
      text: 'insert into items (id, name) values ($1::text::int4, $2::text)',
      params: [String(id), `n${id}`],
    })

  beforeAll(async () => {
    database = await open()
    await database.script(`
      create table owners (id int primary key);
      create table items (
        id int primary key, name text not null unique, owner int references owners,
        price numeric constraint price_is_positive check (price > 0));
    `)
  })
  beforeEach(() => database.script('truncate items, owners'))
  afterAll(() => database.close())

  describe('statements', () => {
    it('take text and null, and return text and null', async () => {
      expect(await all('select $1::text, $2::text::int4::text, $3::text', 'ü"\\\n', '-7', null)).toEqual([
        ['ü"\\\n', '-7', null],
      ])
    })

    it('return the text of every type, even when it was not asked for as text', async () => {
      const row = `select 1::int4, 2::int8, true, 1.50::numeric, 0.1::float8, '{"a": 1}'::json, array[1,2],
        '2024-01-02 03:04:05.678901+02'::timestamptz, '2024-01-02'::date, '1 day'::interval, '\\xdead'::bytea`
      expect(await all(row)).toEqual([
        [
          '1',
          '2',
          't',
          '1.50',
          '0.1',
          '{"a": 1}',
          '{1,2}',
          '2024-01-02 01:04:05.678901+00',
          '2024-01-02',
          '1 day',
          '\\xdead',
        ],
      ])
    })

    it('may have no parameters, no rows or no columns', async () => {
      expect(await all('select 1 where false')).toEqual([])
      expect(await all('select')).toEqual([[]])
      expect(await all('update items set name = name')).toEqual([])
    })

    it('carry long values both ways', async () => {
      const long = 'é'.repeat(300_000)
      expect(await one('select $1::text', long)).toBe(long)
    })

    it('settle in any number at once, each with its own answer', async () => {
      const numbers = Array.from({ length: 200 }, (_, index) => String(index))
      expect(await Promise.all(numbers.map((number) => one('select $1::text', number)))).toEqual(numbers)
    })

    it('may be of more shapes than a connection keeps prepared', async () => {
      for (let shape = 0; shape < 1_100; shape++) {
        expect(await one(`select ($1::text::int4 + ${shape % 550})::text`, '1')).toBe(String(1 + (shape % 550)))
      }
    })

    it('go on after their tables have changed', async () => {
      await database.script('create table changing (id int); insert into changing values (1)')
      for (let time = 0; time < 3; time++) expect(await all('select * from changing')).toEqual([['1']])
      await database.script('alter table changing add column more text')
      expect(await all('select * from changing')).toEqual([['1', null]])
      await database.script('drop table changing')
    })
  })

  describe('sessions', () => {
    it(`run in UTC, with fixed formats, and are ${isShared ? 'not ' : ''}known to the triggers`, async () => {
      const settings = ['TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output', 'extra_float_digits']
      const values = await Promise.all(settings.map((setting) => one('select current_setting($1::text)', setting)))
      expect(values).toEqual(['UTC', 'ISO, MDY', 'postgres', 'hex', '1'])
      expect(await one("select current_setting('mqttspec.server', true)")).toBe(isShared ? null : '1')
    })

    it('keep nothing of a script', async () => {
      await database.script(`set statement_timeout = '77s'; create temp table passing (id int)`).catch(() => undefined)
      if (database.kind === 'pglite') return // has one session, and says so: scripts are set-up only
      expect(await one(`select current_setting('statement_timeout')`)).toBe('5s')
      expect((await failure(all('select * from passing'))).sqlState).toBe('42P01')
    })
  })

  describe('errors', () => {
    it('name the constraint, table and column of a violation', async () => {
      await insert(database, 1)
      expect(await failure(insert(database, 1))).toMatchObject({
        sqlState: '23505',
        connectionLost: false,
        schema: 'public',
        table: 'items',
        constraint: 'items_pkey',
      })
      expect(await failure(all(`insert into items (id) values (2)`))).toMatchObject({
        sqlState: '23502',
        column: 'name',
      })
      expect(await failure(all(`insert into items (id, name, owner) values (3, 'c', 9)`))).toMatchObject({
        sqlState: '23503',
        constraint: 'items_owner_fkey',
      })
      expect(await failure(all(`insert into items (id, name, price) values (4, 'd', 0)`))).toMatchObject({
        sqlState: '23514',
        constraint: 'price_is_positive',
      })
    })

    it('tell a bad value from a bad statement', async () => {
      expect((await failure(all('select $1::text::int4', 'x'))).sqlState).toBe('22P02')
      expect((await failure(all('select from where'))).sqlState).toBe('42601')
      expect((await failure(all('select nothing'))).sqlState).toBe('42703')
      expect((await failure(all('select 1 / $1::text::int4', '0'))).sqlState).toBe('22012')
    })

    it('do not disturb the statements around them', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, index) => one('select (10 / $1::text::int4)::text', String(index % 2))),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(20)
    })

    it('of the same text do not disturb its later use', async () => {
      for (let time = 0; time < 3; time++) {
        await failure(all('select (10 / $1::text::int8)::text', '0'))
        expect(await one('select (10 / $1::text::int8)::text', '5')).toBe('2')
      }
    })

    it('of a script reject it as a whole', async () => {
      await failure(
        database.script(`insert into items (id, name) values (1, 'a'); insert into items (id, name) values (1, 'b')`),
      )
      expect(await one('select count(*)::text from items')).toBe('0')
    })

    it('of a script leave no transaction open', async () => {
      await failure(database.script(`begin; insert into items (id, name) values (1, 'a'); select 1 / 0`))
      expect(await one('select count(*)::text from items')).toBe('0')
      await insert(database, 2)
    })
  })

  describe('transactions', () => {
    it('commit what their body did, and return what it returned', async () => {
      const result = await database.transaction(async (transaction) => {
        await insert(transaction, 1)
        await insert(transaction, 2)
        return 'done'
      })
      expect(result).toBe('done')
      expect(await one('select count(*)::text from items')).toBe('2')
    })

    it('roll back when the body rejects, and throw what it threw', async () => {
      const thrown = new Error('changed my mind')
      const running = database.transaction(async (transaction) => {
        await insert(transaction, 1)
        throw thrown
      })
      await expect(running).rejects.toBe(thrown)
      expect(await one('select count(*)::text from items')).toBe('0')
    })

    it('roll back when a statement failed and the body hid it', async () => {
      const running = database.transaction(async (transaction) => {
        await insert(transaction, 1)
        await insert(transaction, 1).catch(() => undefined)
      })
      expect((await failure(running)).sqlState).toBe('23505')
      expect(await one('select count(*)::text from items')).toBe('0')
    })

    it('commit after a savepoint has undone a failure', async () => {
      await database.transaction(async (transaction) => {
        await insert(transaction, 1)
        await transaction.run({ text: 'savepoint here', params: [] })
        await insert(transaction, 1).catch(() => undefined)
        await transaction.run({ text: 'rollback to savepoint here', params: [] })
        await insert(transaction, 2)
      })
      expect(await one('select count(*)::text from items')).toBe('2')
    })

    it('reject when a constraint that was put off fails at the end', async () => {
      await database.script(
        `create table late (id int, constraint late_once unique (id) deferrable initially deferred)`,
      )
      const running = database.transaction(async (transaction) => {
        await transaction.run({ text: 'insert into late values (1), (1)', params: [] })
      })
      expect(await failure(running)).toMatchObject({ sqlState: '23505', constraint: 'late_once' })
      expect(await one('select count(*)::text from late')).toBe('0')
      await database.script('drop table late')
    })

    it('do not mix with single statements or with each other', async () => {
      const inside = database.transaction(async (transaction) => {
        await insert(transaction, 1)
        await wait(50)
        await insert(transaction, 2)
      })
      const seen = await Promise.all(Array.from({ length: 20 }, () => one('select count(*)::text from items')))
      const others = Array.from({ length: 15 }, (_, index) =>
        database.transaction(async (transaction) => {
          await insert(transaction, 10 + index)
        }),
      )
      await Promise.all([inside, ...others])
      expect(seen.every((count) => count === '0' || count === '2')).toBe(true)
      expect(await one('select count(*)::text from items')).toBe('17')
    })

    it('refuse a statement after their end', async () => {
      let kept: Runner | undefined
      await database.transaction(async (transaction) => {
        kept = transaction
      })
      if (!kept) throw new Error('no transaction')
      await failure(insert(kept, 1))
      expect(await one('select count(*)::text from items')).toBe('0')
    })
  })

  describe('closing', () => {
    it('rejects a transaction whose body never ends, and every call after', async () => {
      const other = await open()
      let begun = (): void => undefined
      const beginning = new Promise<void>((resolve) => {
        begun = resolve
      })
      const hung = failure(
        other.transaction(() => {
          begun()
          return new Promise(() => undefined)
        }),
      )
      await beginning
      await Promise.all([other.close(), other.close()])
      expect((await hung).connectionLost).toBe(true)
      expect(await failure(other.run({ text: 'select 1', params: [] }))).toMatchObject({ connectionLost: true })
    })
  })
}
