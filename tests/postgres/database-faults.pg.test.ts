import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { defineSpec, type Server } from '@mqttspec/server'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type CuttingProxy, startCuttingProxy } from '../cutting-proxy.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

const notes = pgTable('notes', { id: integer().primaryKey(), text: text() })
const api = defineSpec({ schema: { notes } }).entity('notes')

const DRIVERS = {
  'postgres.js': (url: string) => url,
  'node-postgres': (url: string) => drizzle(new Pool({ connectionString: url, max: 1 })),
}

/** Fails the writes whose text is this, with this state, so many times; a sequence keeps count over rollbacks. */
const failing = (word: string, state: string, times: number) => `
  create sequence ${word}_tries;
  create function ${word}() returns trigger language plpgsql as $$ begin
    if new.text = '${word}' and nextval('${word}_tries') <= ${times} then
      raise exception 'secret of the database' using errcode = '${state}';
    end if;
    return new;
  end $$;
  create trigger ${word} before insert on notes for each row execute function ${word}();`

/** Is there in time, also where a machine is slow. */
const STATEMENT_MS = 1_000

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres
  beforeAll(async () => {
    const started = await startPostgres()
    if (!started) throw new Error('PostgreSQL has not started')
    cluster = started
  }, 60_000)
  afterAll(() => cluster?.stop())

  for (const [driver, open] of Object.entries(DRIVERS)) {
    let url: string
    let admin: postgres.Sql
    let proxy: CuttingProxy
    let server: Server
    let client: WireClient
    let asked = 0

    beforeEach(async () => {
      url = await cluster.createDatabase()
      admin = postgres(url, { max: 1, onnotice() {} })
      await admin`create table notes (id int primary key, text text)`
      proxy = await startCuttingProxy(cluster.port)
      server = await api.listen({
        database: open(url.replace(String(cluster.port), String(proxy.port))),
        install: true,
        broker: { port: 0, webSocket: false },
        limits: { maxStatementMs: STATEMENT_MS, maxRequestMs: 2 * STATEMENT_MS },
        logger: { info() {}, warn() {}, error() {} },
      })
      client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'alice')
    }, 60_000)

    afterEach(async () => {
      await client[Symbol.asyncDispose]()
      await server.close()
      await proxy[Symbol.asyncDispose]()
      await admin.end()
    })

    const create = (id: number, word = 'x') =>
      client.ask({
        id: `request-number-${++asked}`,
        type: 'request',
        operation: 'create',
        entity: 'notes',
        data: { id, text: word },
      })
    const codeOf = (reply: Record<string, unknown>) => (reply.error as { code: string } | undefined)?.code ?? 'ok'
    const told = () => client.notifications.map(({ payload }) => (payload as { key: number }).key)
    const subscribe = () => client.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'notes' })

    test(`fault D20 over ${driver}: a conflict of transactions is tried three times, and has one effect`, async () => {
      await admin.unsafe(failing('serialization', '40001', 2))
      await admin.unsafe(failing('deadlock', '40P01', 2))
      await admin.unsafe(failing('hopeless', '40001', 1_000))
      await subscribe()
      expect(codeOf(await create(1, 'serialization'))).toBe('ok')
      expect(codeOf(await create(2, 'deadlock'))).toBe('ok')
      expect(await create(3, 'hopeless')).toMatchObject({ error: { code: 'unavailable' } })
      expect(JSON.stringify(client.responses)).not.toContain('secret')
      const [tries] = await admin`select last_value from hopeless_tries`
      expect(Number(tries?.last_value)).toBe(3)
      await until(() => told().length === 2)
      expect(told()).toEqual([1, 2])
      expect(await admin`select id from notes order by id`).toMatchObject([{ id: 1 }, { id: 2 }])
    })

    test(`fault D19 over ${driver}: a database that may not write, is full or hands over is unavailable, and is back`, async () => {
      await admin.unsafe(failing('disk_full', '53100', 1))
      expect(codeOf(await create(1, 'disk_full'))).toBe('unavailable')
      await admin.unsafe(`alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`)
      const cut = () =>
        admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
      await cut()
      await until(async () => codeOf(await create(2)) === 'unavailable')
      const read = { id: 'r', type: 'request', operation: 'read', entity: 'notes' }
      await until(async () => codeOf(await client.ask(read)) === 'ok')
      expect(codeOf(await create(3))).toBe('unavailable')
      await admin.unsafe(`alter database ${new URL(url).pathname.slice(1)} reset default_transaction_read_only`)
      await cut()
      await until(async () => codeOf(await create(4)) === 'ok')
      expect(await admin`select id from notes`).toMatchObject([{ id: 4 }])
      expect(JSON.stringify(client.responses)).not.toContain('secret')
    }, 30_000)

    test(`fault D05 over ${driver}: a database that stalls for 5 s costs a timeout each, no lag, and is back`, async () => {
      await subscribe()
      expect(codeOf(await create(1))).toBe('ok')
      const lag = monitorEventLoopDelay({ resolution: 5 })
      proxy.stall()
      lag.enable()
      // More than the pool has connections.
      const ids = Array.from({ length: 40 }, (_, at) => at + 10)
      for (const id of ids) {
        const message = { operation: 'create', entity: 'notes', data: { id }, id: `stalled-request-${id}` }
        await client.send({ type: 'request', ...message })
      }
      const startedAt = performance.now()
      await using other = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'bob')
      expect(await other.ask({ type: 'ping', id: 'p' })).toMatchObject({ type: 'pong' })
      await wait(5_000 - (performance.now() - startedAt))
      lag.disable()
      proxy.resume()
      const replies = () => client.responses as { id: string; error?: { code: string } }[]
      await until(() => ids.every((id) => replies().some((reply) => reply.id === `stalled-request-${id}`)), 15_000)
      for (const reply of replies().filter(({ id }) => id.startsWith('stalled')))
        expect(['ok', 'timeout', 'unavailable', 'overloaded']).toContain(reply.error?.code ?? 'ok')
      await until(async () => codeOf(await create(1_000 + ++asked)) === 'ok', 15_000)
      // What was stored is told, once each, whatever its reply said.
      await until(async () => {
        const stored = await admin`select id from notes`
        return stored.length === told().length
      }, 15_000)
      expect(new Set(told()).size).toBe(told().length)
      expect(lag.percentile(99) / 1e6).toBeLessThan(100)
    }, 60_000)

    test(`fault O10 over ${driver}: queries that run on are cancelled, and hold up neither others nor the stream`, async () => {
      await subscribe()
      // The lock makes each write of these rows wait, and their connections with them.
      await admin`insert into notes select i, 'held' from generate_series(1, 20) i`
      await until(() => told().length === 20, 10_000)
      const holder = postgres(url, { max: 1, onnotice() {} })
      await holder`begin`
      await holder`select id from notes for update`
      const startedAt = performance.now()
      for (let id = 1; id <= 8; id += 1) {
        const message = { operation: 'update', entity: 'notes', record_id: id, data: { text: 'late' } }
        await client.send({ type: 'request', id: `held-request-${id}`, ...message })
      }
      await admin`insert into notes values (100, 'seen')`
      await until(() => told().includes(100), 5_000)
      expect(codeOf(await create(101))).toBe('ok')
      const held = () =>
        (client.responses as { id: string; error?: { code: string } }[]).filter(({ id }) => id.startsWith('held'))
      await until(() => held().length === 8, 10_000)
      expect(performance.now() - startedAt).toBeLessThan(8 * STATEMENT_MS)
      for (const reply of held()) expect(reply.error?.code).toBe('timeout')
      await holder`rollback`
      await holder.end()
      expect(await admin`select id from notes where text = 'late'`).toHaveLength(0)
    }, 30_000)
  }
})
