import { eq, relations, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  interval,
  json,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  point,
  real,
  serial,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BoundDrizzle, bindDrizzle } from '../../packages/server/src/db/bound-drizzle.ts'
import type { Database } from '../../packages/server/src/db/database.ts'
import { DatabaseError } from '../../packages/server/src/db/database-error.ts'
import { retryConflicts } from '../../packages/server/src/db/retry-conflicts.ts'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
export const moods = pgEnum('moods', ['glad', 'so "so"'])

export const samples = pgTable('samples', {
  id: serial().primaryKey(),
  small: smallint(),
  whole: integer(),
  big: bigint({ mode: 'bigint' }),
  bigNumber: bigint('big_number', { mode: 'number' }),
  exact: numeric(),
  exactNumber: numeric('exact_number', { mode: 'number' }),
  single: real(),
  double: doublePrecision(),
  yes: boolean(),
  words: text(),
  short: varchar({ length: 20 }),
  uid: uuid(),
  mood: moods(),
  day: date(),
  dayDate: date('day_date', { mode: 'date' }),
  clock: time(),
  span: interval(),
  plain: timestamp(),
  zoned: timestamp({ withTimezone: true }),
  plainText: timestamp('plain_text', { mode: 'string' }),
  facts: jsonb(),
  oldFacts: json('old_facts'),
  bytes: bytea(),
  place: point(),
  wholes: integer().array(),
  bigs: bigint({ mode: 'bigint' }).array(),
  exacts: numeric().array(),
  grid: integer().array().array(),
  flags: boolean().array(),
  lines: text().array(),
  times: timestamp({ withTimezone: true }).array(),
  objects: jsonb().array(),
  feelings: moods().array(),
})
export const notes = pgTable('notes', {
  id: serial().primaryKey(),
  sampleId: integer('sample_id').references(() => samples.id),
  body: text().notNull(),
  at: timestamp({ withTimezone: true }),
})
export const samplesRelations = relations(samples, ({ many }) => ({ notes: many(notes) }))
export const notesRelations = relations(notes, ({ one }) => ({
  sample: one(samples, { fields: [notes.sampleId], references: [samples.id] }),
}))

const fullSchema = { moods, samples, notes, samplesRelations, notesRelations }

/** Creates the tables of the suite. */
export const CREATE = `
  create type moods as enum ('glad', 'so "so"');
  create table samples (
    id serial primary key, small int2, whole int4, big int8, big_number int8, exact numeric, exact_number numeric,
    single float4, double float8, yes bool, words text, short varchar(20), uid uuid, mood moods, day date,
    day_date date, clock time, span interval, plain timestamp, zoned timestamptz, plain_text timestamp, facts jsonb,
    old_facts json, bytes bytea, place point, wholes int4[], bigs int8[], exacts numeric[], grid int4[][],
    flags bool[], lines text[], times timestamptz[], objects jsonb[], feelings moods[]);
  create table notes (id serial primary key, sample_id int references samples, body text not null, at timestamptz);`

const AT = new Date('2024-02-29T23:59:59.123Z')

/** A value of every type, with what is hard of each. */
export const SAMPLE = {
  small: -7,
  whole: 2 ** 31 - 1,
  big: 9007199254740993n,
  bigNumber: 2 ** 53 - 1,
  exact: '12345678901234567890.50',
  exactNumber: 1.5,
  single: 0.5,
  double: 0.1,
  yes: true,
  words: 'ü "quoted" \\ {a,b} NULL 😀',
  short: '',
  uid: '6f4f3c2e-0000-4000-8000-000000000001',
  mood: 'so "so"' as const,
  day: '2024-02-29',
  dayDate: new Date('2024-02-29T00:00:00Z'),
  clock: '12:34:56.789',
  span: '1 day 02:00:00',
  plain: AT,
  zoned: AT,
  plainText: '2024-02-29 23:59:59.123456',
  facts: { a: [1, null, 'x'], b: { c: true } },
  oldFacts: [1, 'two', { three: 3 }],
  bytes: Buffer.from([0, 1, 0xff, 0x5c]),
  place: [1.5, -2] as [number, number],
  wholes: [1, 2, 3],
  bigs: [9007199254740993n],
  exacts: ['1.50', '2'],
  grid: [
    [1, 2],
    [3, 4],
  ],
  flags: [true, false],
  lines: ['', 'a,b', '"q"', '\\', '{}', 'NULL', ' '],
  times: [AT],
  objects: [{ a: '1,2' }, [1]],
  feelings: ['so "so"', 'glad'] as ('glad' | 'so "so"')[],
}

/** What Drizzle bound to a database promises, whatever is behind it. */
export function boundDrizzleSuite(open: () => Promise<Database>): void {
  let database: Database
  const bind = bindDrizzle(fullSchema, undefined)
  let db: BoundDrizzle

  beforeAll(async () => {
    database = await open()
    await database.script(CREATE)
    db = bind(database)
  })
  beforeEach(() => database.script('truncate samples, notes restart identity'))
  afterAll(() => database?.close())

  it('stores and reads a value of every type as its own drivers do', async () => {
    const [stored] = await db.insert(samples).values(SAMPLE).returning()
    expect(stored).toEqual({ id: 1, ...SAMPLE })
    expect(await db.select().from(samples)).toEqual([{ id: 1, ...SAMPLE }])
    expect(await db.select().from(samples).where(eq(samples.big, SAMPLE.big))).toHaveLength(1)
    expect(await db.select().from(samples).where(eq(samples.zoned, AT))).toHaveLength(1)
    expect(await db.select().from(samples).where(eq(samples.yes, true))).toHaveLength(1)
    expect(await db.select().from(samples).where(eq(samples.facts, SAMPLE.facts))).toHaveLength(1)
  })

  it('reads null of every type as null', async () => {
    const [row] = await db.insert(samples).values({}).returning()
    expect(row).toEqual({ ...Object.fromEntries(Object.keys(SAMPLE).map((name) => [name, null])), id: 1 })
  })

  it('keeps JSON that is a text, a number or null apart', async () => {
    await db.insert(samples).values([{ facts: '5' }, { facts: 5 }, { facts: 'null' }, { facts: sql`'null'::jsonb` }])
    const rows = await db.select({ facts: samples.facts }).from(samples).orderBy(samples.id)
    expect(rows.map(({ facts }) => facts)).toEqual(['5', 5, 'null', null])
  })

  it('gives the values of raw SQL by their type, under the names of the columns', async () => {
    const of = sql`select 1::int4 as "one", 2::int8 as big, true as yes, 0.5::float8 as half, null::int4 as nothing,
      '{"a":[1]}'::jsonb as facts, array[1,null,3] as list, array['a','b,"c'] as texts, ${AT}::timestamptz = ${AT} as same,
      ${sql.param(['x', 'y"'])}::text[] as sent, ${{ b: 1 }}::jsonb as object, ${Buffer.from('hi')}::bytea as bytes`
    expect(await db.execute(of)).toEqual([
      {
        one: 1,
        big: '2',
        yes: true,
        half: 0.5,
        nothing: null,
        facts: { a: [1] },
        list: [1, null, 3],
        texts: ['a', 'b,"c'],
        same: true,
        sent: ['x', 'y"'],
        object: { b: 1 },
        bytes: Buffer.from('hi'),
      },
    ])
    expect(await db.execute(sql``)).toEqual([])
    const [made] = await db.select({ n: sql<number>`1 + 1`, o: sql<object>`'{"a":1}'::json` }).from(sql`(select) as t`)
    expect(made).toEqual({ n: 2, o: { a: 1 } })
    expect(await db.$count(samples)).toBe(0)
  })

  it('reads related rows', async () => {
    await db.insert(samples).values([{ words: 'a', facts: '5' }, { words: 'b' }])
    await db.insert(notes).values({ sampleId: 1, body: 'n', at: AT })
    const typed = db as unknown as ReturnType<typeof typedDb>
    const rows = await typed.query.samples.findMany({
      columns: { words: true, facts: true },
      with: { notes: true },
      orderBy: samples.id,
    })
    expect(rows).toEqual([
      { words: 'a', facts: '5', notes: [{ id: 1, sampleId: 1, body: 'n', at: AT }] },
      { words: 'b', facts: null, notes: [] },
    ])
  })

  it('updates, deletes and upserts', async () => {
    await db.insert(samples).values([{ whole: 1 }, { whole: 2 }])
    expect(await db.update(samples).set({ whole: 5 }).where(eq(samples.id, 1)).returning()).toMatchObject([
      { whole: 5 },
    ])
    await db
      .insert(samples)
      .values({ id: 2, whole: 9 })
      .onConflictDoUpdate({ target: samples.id, set: { whole: sql`excluded.whole` } })
    await db.delete(samples).where(eq(samples.id, 1))
    expect(await db.select({ id: samples.id, whole: samples.whole }).from(samples)).toEqual([{ id: 2, whole: 9 }])
  })

  describe('transactions', () => {
    it('commit, or are taken back by what their body throws', async () => {
      await db.transaction((tx) => tx.insert(samples).values({ words: 'kept' }), { isolationLevel: 'serializable' })
      const failed = db.transaction(async (tx) => {
        await tx.insert(samples).values({ words: 'gone' })
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      expect(await db.$count(samples)).toBe(1)
    })

    it('are savepoints where one is open already', async () => {
      await database.transaction(async (runner) => {
        const bound = bind(runner)
        await bound.insert(samples).values({ words: 'outer' })
        await bound.transaction(async (inner) => {
          await inner.insert(samples).values({ words: 'inner' })
          await inner
            .transaction(async (innermost) => {
              await innermost.insert(samples).values({ words: 'innermost' })
              innermost.rollback()
            })
            .catch(() => undefined)
        })
        await bound
          .transaction((inner) => inner.insert(notes).values({ sampleId: 77, body: 'x' }))
          .catch(() => undefined)
      })
      const rows = await db.select({ words: samples.words }).from(samples).orderBy(samples.id)
      expect(rows.map(({ words }) => words)).toEqual(['outer', 'inner'])
    })

    it('take nothing of what comes after their end', async () => {
      let late: BoundDrizzle | undefined
      await database.transaction(async (runner) => {
        late = bind(runner)
      })
      await expect(late?.insert(samples).values({})).rejects.toMatchObject({
        cause: expect.objectContaining({ message: 'The transaction of this statement has ended.' }),
      })
      expect(await db.$count(samples)).toBe(0)
    })
  })

  it('tells what the database said as the cause of its error, and of a conflict so that it is tried again', async () => {
    const failed = db.insert(notes).values({ sampleId: 5, body: 'x' })
    await expect(failed).rejects.toMatchObject({ cause: expect.any(DatabaseError) })
    let tries = 0
    const again = retryConflicts(async () => {
      tries += 1
      await db.execute(sql`do $$ begin raise exception 'met' using errcode = '40001'; end $$`)
    })
    await expect(again).rejects.toMatchObject({ name: 'DatabaseError', sqlState: '40001' })
    expect(tries).toBe(3)
  })
}

declare function typedDb(): import('drizzle-orm/pg-proxy').PgRemoteDatabase<typeof fullSchema>
