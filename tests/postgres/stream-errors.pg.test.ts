import { defineSpec, type Server } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { describe, expect, test, vi } from 'vitest'
import { describeWith } from '../require-service.ts'
import { FoldedSet } from '../suites/folded-set.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres, type RunningPostgres } from './start-postgres.ts'
import { type Snip, startSnippingProxy } from './stream-checker/snipping-proxy.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer(), note: text() })
const api = defineSpec({ schema: { items } }).entity('items')
const logger = { info() {}, warn() {}, error() {} }
const TRIES = process.env.MQTTSPEC_NIGHTLY === '1' ? 20 : 2

/** A server over a database of its own, a client of it, and SQL past both. */
async function serve(cluster: RunningPostgres, through: number = cluster.port) {
  const url = await cluster.createDatabase()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const database = url.replace(`:${cluster.port}/`, `:${through}/`)
  const broker = { port: 0, webSocket: false } as const
  const server: Server = await api.listen({ database, createTables: true, install: true, logger, broker })
  const connect = (id: string) => WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, id)
  const client = await connect('writer')
  let asked = 0
  return {
    sql,
    server,
    connect,
    async subscribe(of: WireClient, options: object = {}): Promise<FoldedSet & { at: string }> {
      const message = { type: 'subscription', operation: 'subscribe', entity: 'items', options }
      const { notify_topic, at } = (await of.ask({ id: `s${++asked}`, ...message })).data as Record<
        'notify_topic' | 'at',
        string
      >
      return Object.assign(new FoldedSet(of, notify_topic), { at })
    },
    /** Asks for a create, again and again with one id until it is done; resolves with the codes on the way. */
    async create(n: number): Promise<readonly string[]> {
      const id = `create-${++asked}-${'x'.repeat(16)}`
      const codes: string[] = []
      for (let attempt = 0; attempt < 100; attempt++) {
        const reply = await client.ask({ id, type: 'request', operation: 'create', entity: 'items', data: { n } })
        if (reply.success) return codes
        codes.push((reply.error as { code: string }).code)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`${n} was never created: ${codes}`)
    },
    async code(operation: string, more: object): Promise<string> {
      const id = `${operation}-${++asked}-${'x'.repeat(16)}`
      const reply = await client.ask({ id, type: 'request', operation, entity: 'items', ...more })
      return (reply.error as { code: string } | undefined)?.code ?? 'ok'
    },
    numbers: async () => (await sql.unsafe('select n from items order by id')).map(({ n }) => n),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server.close()
      await sql.end({ timeout: 1 })
    },
  }
}

const told = (set: FoldedSet) => set.fold().events.flatMap(({ key, data }) => (key === undefined ? [] : [data.n]))

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  describe('fault D02: a connection that is cut', () => {
    const SNIPS: readonly (readonly [string, Snip])[] = [
      ['before a write has run', { at: 'insert into "public"."items"', when: 'before' }],
      ['after a write was committed, before anybody knows', { at: 'insert into "public"."items"', when: 'after' }],
      ['before positions are given', { at: 'insert into mqttspec.batch', when: 'before' }],
      ['when positions were given, before they are committed', { at: 'insert into mqttspec.batch', when: 'after' }],
      ['before changes are read', { at: 'cross join lateral unnest(b.ids)', when: 'before' }],
      ['after changes were read, before they are told', { at: 'cross join lateral unnest(b.ids)', when: 'after' }],
      ['before the rows of changes are read', { at: 'json_populate_record', when: 'before' }],
    ]
    test.each(SNIPS)(
      '%s: it runs once, and is told once',
      async (_, snip) => {
        await using proxy = await startSnippingProxy(cluster.port)
        await using serving = await serve(cluster, proxy.port)
        const reader = await serving.connect('reader')
        const set = await serving.subscribe(reader, { snapshot: true })
        await until(() => set.fold().ready)
        for (let n = 1; n <= TRIES; n++) {
          const cut = proxy.snip(snip)
          await serving.create(n)
          await cut
          await until(() => told(set).includes(n), 10_000)
        }
        const all = Array.from({ length: TRIES }, (_, index) => index + 1)
        expect(await serving.numbers()).toEqual(all)
        expect(told(set)).toEqual(all)
        expect(set.wrong).toEqual([])
        await reader[Symbol.asyncDispose]()
      },
      60_000,
    )

    test('while the past is told: it goes on where it was, and needs no reset', async () => {
      await using proxy = await startSnippingProxy(cluster.port)
      await using serving = await serve(cluster, proxy.port)
      const reader = await serving.connect('reader')
      const { at: since } = await serving.subscribe(reader)
      for (const n of [1, 2, 3]) await serving.create(n)
      for (const when of ['before', 'after'] as const) {
        const again = await serving.connect(`again-${when}`)
        const cut = proxy.snip({ at: 'json_populate_record', when })
        const asking = { type: 'subscription', operation: 'subscribe', entity: 'items', options: { since } }
        let topic: string | undefined
        for (let attempt = 0; topic === undefined; attempt++) {
          const { data } = await again.ask({ id: `again${attempt}`, ...asking })
          topic = (data as { notify_topic: string } | undefined)?.notify_topic
        }
        await cut
        const set = new FoldedSet(again, topic)
        await until(() => set.fold().ready)
        expect(told(set)).toEqual([1, 2, 3])
        expect([set.resets, set.wrong]).toEqual([0, []])
        await again[Symbol.asyncDispose]()
      }
      await reader[Symbol.asyncDispose]()
    }, 60_000)

    test('between the rows of a subscription and what comes after them: it begins again, with no gap', async () => {
      await using proxy = await startSnippingProxy(cluster.port)
      await using serving = await serve(cluster, proxy.port)
      const reader = await serving.connect('reader')
      for (let n = 1; n <= TRIES; n++) {
        const cut = proxy.snip({ at: 'json_agg(r)', when: 'after' })
        const asking = { type: 'subscription', operation: 'subscribe', entity: 'items', options: { snapshot: true } }
        let isCut = false
        void cut.then(() => {
          isCut = true
        })
        // The server may learn only now that its connections have ended.
        for (let attempt = 0; !isCut; attempt++) {
          const failed = await reader.ask({ id: `cut${n}-${attempt}`, ...asking })
          expect(failed.error).toMatchObject({ code: 'unavailable' })
        }
        const set = await serving.subscribe(reader, { snapshot: true })
        await until(() => set.fold().ready)
        await serving.create(n)
        await until(() => told(set).length === n)
        expect(set.wrong).toEqual([])
      }
      await reader[Symbol.asyncDispose]()
    }, 60_000)
  })

  test('fault D15: columns that are added and dropped under a subscription end in changes or in a reset, never in silence', async () => {
    await using serving = await serve(cluster)
    const reader = await serving.connect('reader')
    const set = await serving.subscribe(reader)
    await serving.create(1)
    await serving.sql.unsafe('alter table items add column extra text')
    await serving.sql.unsafe("insert into items (n, extra) values (2, 'x')")
    await until(() => told(set).length === 2)
    await serving.sql.unsafe('alter table items drop column note')
    await serving.sql.unsafe('insert into items (n) values (3)')
    await until(() => set.fold().resets > 0)
    expect(set.events.at(-1)?.data).toEqual({ reason: 'schema' })
    expect(await serving.code('read', { options: { columns: ['n'], sort: [{ column: 'n' }] } })).toBe('ok')
    await reader[Symbol.asyncDispose]()
  }, 60_000)

  test('fault D17: a clock that is set back or forward changes neither order nor resume', async () => {
    await using serving = await serve(cluster)
    const reader = await serving.connect('reader')
    const set = await serving.subscribe(reader)
    const positions: string[] = []
    try {
      for (const [index, hours] of [0, -2, 2, -2].entries()) {
        vi.useFakeTimers({ toFake: ['Date'], now: performance.timeOrigin + performance.now() + hours * 3_600_000 })
        await serving.create(index + 1)
        await vi.waitUntil(() => told(set).length === index + 1, 5_000)
        positions.push(set.events.at(-1)?.at ?? '')
      }
      for (const [index, since] of positions.entries()) {
        const again = await serving.subscribe(await serving.connect(`r${index}`), { since })
        await vi.waitUntil(() => again.fold().ready, 5_000)
        expect(told(again)).toEqual([1, 2, 3, 4].slice(index + 1))
        await again.client[Symbol.asyncDispose]()
      }
    } finally {
      vi.useRealTimers()
    }
    expect(told(set)).toEqual([1, 2, 3, 4])
    await reader[Symbol.asyncDispose]()
  }, 60_000)

  test('fault D19: a database that only reads, a full disk and an ended session are told as unavailable, and pass', async () => {
    await using serving = await serve(cluster)
    const reader = await serving.connect('reader')
    const set = await serving.subscribe(reader)
    const { sql } = serving
    const [{ current_database: name } = { current_database: '' }] = await sql`select current_database()`
    const endSessions =
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
    await sql.unsafe(`alter database ${name} set default_transaction_read_only = on`)
    await sql.unsafe(endSessions)
    await until(async () => (await serving.code('read', {})) === 'ok')
    expect(await serving.code('create', { data: { n: 0 } })).toBe('unavailable')
    await sql.unsafe(`alter database ${name} reset default_transaction_read_only`)
    await sql.unsafe(endSessions)
    await serving.create(1)
    await sql.unsafe(`create function fail() returns trigger language plpgsql as $$ begin
        raise exception 'no space left' using errcode = '53100'; end $$;
      create trigger fail before insert on items for each row execute function fail()`)
    expect(await serving.code('create', { data: { n: 0 } })).toBe('unavailable')
    await sql.unsafe('drop trigger fail on items')
    // A log that has no room fails the write as well: nothing is stored that nobody would be told of.
    await sql.unsafe('create trigger fail before insert on mqttspec.change for each row execute function fail()')
    expect(await serving.code('create', { data: { n: 0 } })).toBe('unavailable')
    await sql.unsafe('drop trigger fail on mqttspec.change')
    await sql.unsafe('create trigger fail before insert on mqttspec.batch for each row execute function fail()')
    expect(await serving.code('create', { data: { n: 2 } })).toBe('ok')
    await sql.unsafe('drop trigger fail on mqttspec.batch')
    await serving.create(3)
    await until(() => told(set).length === 3, 10_000)
    expect(told(set)).toEqual([1, 2, 3])
    expect(await serving.numbers()).toEqual([1, 2, 3])
    await reader[Symbol.asyncDispose]()
  }, 60_000)

  test.each(['40001', '40P01'])(
    'fault D20: a write that meets another one (%s) is tried three times, and runs once',
    async (state) => {
      await using serving = await serve(cluster)
      await serving.sql.unsafe(`create sequence tries;
      create function meet() returns trigger language plpgsql as $$ begin
        if nextval('tries') < new.n then raise exception 'met' using errcode = '${state}'; end if;
        return new; end $$;
      create trigger meet before insert on items for each row execute function meet()`)
      const tries = async () => Number((await serving.sql`select last_value from tries`)[0]?.last_value)
      expect(await serving.code('create', { data: [{ n: 3 }] })).toBe('ok')
      expect(await tries()).toBe(3)
      await serving.sql.unsafe("select setval('tries', 1, false)")
      expect(await serving.code('create', { data: [{ n: 9 }] })).toBe('unavailable')
      expect(await tries()).toBe(3)
      expect(await serving.numbers()).toEqual([3])
    },
    60_000,
  )
})
