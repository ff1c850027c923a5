import { defineSpec, type ListenOptions, type Server, uninstall } from '@mqttspec/server'
import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer() })
const api = defineSpec({ schema: { items } }).entity('items')

const logger = { info() {}, warn() {}, error() {} }

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  const listen = (database: string, options: ListenOptions = {}) =>
    api.listen({ database, logger, broker: { port: 0, webSocket: false }, ...options })

  async function withSql<T>(url: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    try {
      return await run(sql)
    } finally {
      await sql.end()
    }
  }
  const CREATE = 'create table items (id serial primary key, n integer)'
  const LEFT = `select (select count(*) from pg_trigger where tgname like 'mqttspec%')::int as triggers,
    (to_regnamespace('mqttspec') is not null) as schema`

  test('four servers that start at once set the stream up once, and each goes on with it', async () => {
    const url = await cluster.createDatabase()
    const servers: Server[] = await Promise.all(
      Array.from({ length: 4 }, () => listen(url, { createTables: true, install: true })),
    )
    await withSql(url, async (sql) => {
      expect(await sql.unsafe(LEFT)).toEqual([{ triggers: 2, schema: true }])
      await sql.unsafe('insert into items (n) values (1), (2)')
      for (const server of servers) await until(async () => (await server.stream())?.position === 2)
    })
    await Promise.all(servers.map((server) => server.close()))
  }, 60_000)

  test('what an earlier version has set up becomes this one’s, when four servers start at once', async () => {
    const url = await cluster.createDatabase()
    await (await listen(url, { createTables: true, install: true })).close()
    await withSql(url, async (sql) => {
      await sql.unsafe(`insert into items (n) values (1); comment on schema mqttspec is null; drop table mqttspec.durable;
        alter table mqttspec.change drop column rel, drop column was, drop column made, drop column nested;
        alter table mqttspec.batch drop column mark; alter table mqttspec.stream drop column mark, drop column pruned_mark,
        drop column cluster, drop column database`)
      const servers = await Promise.all(Array.from({ length: 4 }, () => listen(url, { install: true })))
      expect(await sql.unsafe(LEFT)).toEqual([{ triggers: 2, schema: true }])
      expect((await servers[0]?.stream())?.position).toBe(1)
      await Promise.all(servers.map((server) => server.close()))
    })
  }, 60_000)

  test('install and uninstall need no server, can run again, and leave nothing behind', async () => {
    const url = await cluster.createDatabase()
    await withSql(url, async (sql) => {
      await sql.unsafe(CREATE)
      for (let turn = 0; turn < 2; turn++) {
        await api.install(url)
        await api.install(url)
        expect(await sql.unsafe(LEFT)).toEqual([{ triggers: 2, schema: true }])
        // The role of a server needs no more rights than to use what is there.
        const server = await listen(url)
        expect(await server.stream()).toMatchObject({ position: 0, kept: { changes: 0 } })
        await server.close()
        await uninstall(url)
        await uninstall(url)
        expect(await sql.unsafe(LEFT)).toEqual([{ triggers: 0, schema: false }])
        await sql.unsafe('insert into items (n) values (1)')
      }
    })
    const without = await listen(url)
    expect(await without.stream()).toBeUndefined()
    expect(without.metrics()).not.toContain('mqttspec_stream_position')
    await without.close()
  }, 60_000)

  test('stream() says how far it is, what is kept, and who is how far behind; the figures say so too', async () => {
    const url = await cluster.createDatabase()
    const server = await listen(url, { createTables: true, install: true })
    const client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'screen')
    const options = { durable: 'board' }
    await client.ask({ id: '1', type: 'subscription', operation: 'subscribe', entity: 'items', options })
    await until(() => client.notifications.length === 1)
    await withSql(url, async (sql) => {
      await until(async () => (await server.stream())?.durable[0]?.behind === 0)
      await client[Symbol.asyncDispose]()
      await sql.unsafe('insert into items (n) select 1 from generate_series(1, 30)')
      await until(async () => (await server.stream())?.durable[0]?.behind === 30)
      const status = await server.stream()
      expect(status).toMatchObject({
        position: 30,
        prunedTo: 0,
        waiting: { changes: 0, oldestMs: 0 },
        kept: { changes: 30 },
        durable: [{ name: 'board', clientId: 'screen', table: 'public.items', behind: 30 }],
      })
      expect(status?.kept.bytes).toBeGreaterThan(8_192)
      expect(server.metrics()).toContain('mqttspec_stream_position 30\n')
      expect(server.metrics()).toContain('mqttspec_durable_behind_changes 30\n')
      // A change that waits for its position, since somebody else has the turn.
      await sql.unsafe('begin; select 1 from mqttspec.stream for update')
      await withSql(url, (other) => other.unsafe('insert into items (n) values (1)'))
      await until(async () => ((await server.stream())?.waiting.oldestMs ?? 0) > 100)
      expect((await server.stream())?.waiting.changes).toBe(1)
      await sql.unsafe('rollback')
      await until(async () => (await server.stream())?.position === 31)
    })
    await server.close()
  }, 60_000)
})
