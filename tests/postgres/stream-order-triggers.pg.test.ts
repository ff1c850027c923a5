import { isDeepStrictEqual } from 'node:util'
import { defineSpec } from '@mqttspec/server'
import { boolean, integer, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { FoldedSet } from '../suites/folded-set.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres, type RunningPostgres } from './start-postgres.ts'

const items = pgTable('items', { id: integer().primaryKey(), n: integer(), chosen: boolean(), parent: integer() })
const readings = pgTable('readings', { id: integer().notNull(), day: integer().notNull(), n: integer() }, (table) => [
  primaryKey({ columns: [table.id, table.day] }),
])
const api = defineSpec({ schema: { items, readings } }).entity('items').entity('readings')
const logger = { info() {}, warn() {}, error() {} }

const TABLES = `
  create table items (id integer primary key, n integer, chosen boolean, parent integer);
  create table readings (id integer, day integer, n integer, primary key (id, day)) partition by list (day);
  create table monday partition of readings for values in (1);
  create table tuesday partition of readings for values in (2);`

/** A trigger of the user's own, which runs before that of the stream, or after it. */
const trigger = (name: string, on: string, body: string): string => `
  create function ${name}() returns trigger language plpgsql as $$ begin ${body} return null; end $$;
  create trigger ${name} after ${on} for each row execute function ${name}()`

/** A server over tables that are there, with what a subscriber of each has. */
async function serve(cluster: RunningPostgres, more = '') {
  const url = await cluster.createDatabase()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql.unsafe(`${TABLES}${more}`)
  const server = await api.listen({ database: url, install: true, logger, broker: { port: 0, webSocket: false } })
  const client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'reader')
  return {
    sql: (text: string) => sql.unsafe(text),
    async follow(entity: 'items' | 'readings', options: object = {}): Promise<FoldedSet> {
      const message = { type: 'subscription', operation: 'subscribe', entity, options: { snapshot: true, ...options } }
      const reply = await client.ask({ id: `${entity}-${JSON.stringify(options)}`, ...message })
      const set = new FoldedSet(client, (reply.data as { notify_topic: string }).notify_topic)
      await until(() => set.fold().ready)
      return set
    },
    /** Waits for so many events at least, and holds what they add up to against the table. */
    async expectWhole(set: FoldedSet, events: number): Promise<void> {
      const rows = (await sql.unsafe('select * from items order by id')).map((row) => ({ ...row }))
      const isWhole = () => set.fold().events.length >= events && isDeepStrictEqual(set.sorted, rows)
      await until(isWhole).catch(() => undefined)
      expect(set.sorted).toEqual(rows)
      expect(set.events.length).toBeGreaterThanOrEqual(events)
      expect(set.wrong).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server.close()
      await sql.end({ timeout: 1 })
    },
  }
}

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  describe('a row that triggers change again is told as it changed', () => {
    // By its name a trigger runs before, or after, that of the stream.
    describe.each(['a', 'z'])('by a trigger whose name begins with %s', (letter) => {
      test('where the row itself is changed again, twice', async () => {
        const body = 'if new.n < 12 then update items set n = n + 1 where id = new.id; end if;'
        await using by = await serve(cluster, trigger(`${letter}_count`, 'insert or update on items', body))
        const set = await by.follow('items')
        await by.sql('insert into items values (1, 10), (2, 11)')
        await by.expectWhole(set, 6)
        expect(set.events.slice(1).map(({ key, change, data }) => [key, change, data.n])).toEqual([
          [1, 'enter', 10],
          [1, 'update', 11],
          [1, 'update', 12],
          [2, 'enter', 11],
          [2, 'update', 12],
        ])
      })

      test('where one row’s trigger changes another one of the same statement', async () => {
        const body =
          'if new.chosen and not old.chosen then update items set chosen = false where id <> new.id and chosen; end if;'
        await using by = await serve(cluster, trigger(`${letter}_only_one`, 'update on items', body))
        await by.sql('insert into items select g, 0, false from generate_series(1, 5) g')
        const set = await by.follow('items')
        await by.sql('update items set chosen = true where id in (2, 3, 5)')
        await by.expectWhole(set, 6 + 3)
        await by.sql('begin; update items set chosen = true where id > 1; update items set n = 1; commit')
        await by.expectWhole(set, set.events.length + 1)
      })

      test('where rows of a statement are deleted before it has ended', async () => {
        const body = 'delete from items where id <= new.id - 3; delete from items where n = 0;'
        await using by = await serve(cluster, trigger(`${letter}_ring`, 'insert or update on items', body))
        const set = await by.follow('items')
        await by.sql('insert into items select g, 1 from generate_series(1, 500) g')
        await by.expectWhole(set, 1_001 - 3)
        await by.sql('update items set n = id - 499')
        await by.expectWhole(set, set.events.length + 3)
      })
    })

    test('where a row makes room for itself among those that came just before it', async () => {
      const shift = `
        create function shift() returns trigger language plpgsql as $$ begin
          update items set n = n + 1 where n >= new.n; return new; end $$;
        create trigger shift before insert on items for each row execute function shift()`
      await using by = await serve(cluster, shift)
      const set = await by.follow('items')
      await by.sql('insert into items (id, n) values (1, 1), (2, 2), (3, 1), (4, 1), (5, 2)')
      await by.expectWhole(set, 1 + 5 + 2 + 3 + 3)
      await by.sql(
        'begin; insert into items (id, n) select g, 1 from generate_series(6, 40) g; delete from items; commit',
      )
      await by.expectWhole(set, set.events.length + 1)
      expect(set.rows.size).toBe(0)
    })

    test('where a key is changed, and what refers to it with it', async () => {
      const refers = 'alter table items add foreign key (parent) references items on update cascade on delete cascade;'
      await using by = await serve(cluster, refers)
      await by.sql('insert into items values (1, 0, false, 1), (2, 0, false, 1), (3, 0, false, 2)')
      const set = await by.follow('items')
      await by.sql('update items set id = 9 where id = 1')
      await by.expectWhole(set, 4 + 4)
      await by.sql('delete from items where id = 9')
      await by.expectWhole(set, 4 + 4 + 3)
    })
  })

  test('rows of a partitioned table are told as the table’s, in every partition, and from one to another', async () => {
    await using by = await serve(cluster)
    const set = await by.follow('readings')
    await by.sql('insert into readings values (1, 1, 10), (2, 2, 20)')
    await by.sql(
      'create table wednesday partition of readings for values in (3); insert into wednesday values (3, 3, 30)',
    )
    await by.sql('update readings set n = n + 1')
    await by.sql('update readings set day = 2 where id = 1')
    await by.sql('delete from readings where id = 2')
    await until(() => set.fold().events.length === 1 + 3 + 3 + 2 + 1)
    expect(set.wrong.filter((what) => what.startsWith('seq'))).toEqual([])
    expect(set.events.slice(1).map(({ key, change, data }) => [...Object.values(key ?? {}), change, data.n])).toEqual([
      [1, 1, 'enter', 10],
      [2, 2, 'enter', 20],
      [3, 3, 'enter', 30],
      [1, 1, 'update', 11],
      [2, 2, 'update', 21],
      [3, 3, 'update', 31],
      [1, 1, 'leave', undefined],
      [1, 2, 'enter', 11],
      [2, 2, 'leave', undefined],
    ])
    await by.sql('truncate readings')
    await until(() => set.fold().resets === 1)
  })
})
