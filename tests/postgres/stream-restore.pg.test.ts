import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { FoldedSet } from '../suites/folded-set.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findPostgres, startPostgres } from './start-postgres.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer() })
const api = defineSpec({ schema: { items } }).entity('items')

const logger = { info() {}, warn() {}, error() {} }
const TABLES = ['mqttspec.stream', 'mqttspec.batch', 'mqttspec.change', 'items']

const BACK_UP = [
  'create schema kept',
  ...TABLES.map((table) => `create table kept.${table.split('.').at(-1)} as table ${table}`),
].join('; ')

const RESTORE = [
  'begin',
  'alter table items disable trigger mqttspec_capture',
  ...TABLES.map((table) => `delete from ${table}; insert into ${table} select * from kept.${table.split('.').at(-1)}`),
  'alter table items enable always trigger mqttspec_capture',
  'commit',
].join('; ')

/** A server over a database, and a way to subscribe to all its rows. */
async function serve(url: string) {
  const server = await api.listen({
    database: url,
    createTables: true,
    install: true,
    logger,
    broker: { port: 0, webSocket: false },
  })
  const clients: WireClient[] = []
  return {
    async subscribe(options: object): Promise<FoldedSet & { at: string }> {
      const id = `c${clients.length}`
      const client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, id)
      clients.push(client)
      const message = { id, type: 'subscription', operation: 'subscribe', entity: 'items', options }
      const { notify_topic, at } = (await client.ask(message)).data as Record<'notify_topic' | 'at', string>
      return Object.assign(new FoldedSet(client, notify_topic), { at })
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]()
      await server.close()
    },
  }
}

const numbers = (set: FoldedSet) => set.fold().events.flatMap(({ key, data }) => (key === undefined ? [] : [data.n]))

describeWith('PostgreSQL', await findPostgres(), () => {
  test('a restored backup: a position from before it goes on, one from the future that it took back begins anew', async () => {
    await using cluster = await startPostgres()
    if (!cluster) throw new Error('PostgreSQL has gone')
    const url = await cluster.createDatabase()
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    const insert = (n: number) => sql.unsafe(`insert into items (n) values (${n})`)
    let before = ''
    let lost = ''
    {
      await using first = await serve(url)
      const live = await first.subscribe({})
      for (const n of [1, 2]) await insert(n)
      await until(() => numbers(live).length === 2)
      before = live.events.at(-1)?.at ?? ''
      await sql.unsafe(BACK_UP)
      await insert(3)
      await until(() => numbers(live).length === 3)
      lost = live.events.at(-1)?.at ?? ''
      await sql.unsafe(RESTORE)
      // A server that ran meanwhile finds out by itself.
      await until(() => live.fold().resets === 1, 10_000)
      expect(live.events.at(-1)?.data).toEqual({ reason: 'history' })
      await insert(4)
      await until(() => numbers(live).at(-1) === 4)
      const again = await first.subscribe({ since: lost })
      await until(() => again.fold().ready)
      expect(again.events[0]).toMatchObject({ operation: 'reset', data: { reason: 'history' } })
      expect(again.sorted.map(({ n }) => n)).toEqual([1, 2, 4])
    }
    await using second = await serve(url)
    const kept = await second.subscribe({ since: before })
    await until(() => kept.fold().ready)
    expect(kept.resets).toBe(0)
    expect(numbers(kept)).toEqual([4])
    const anew = await second.subscribe({ since: lost })
    await until(() => anew.fold().ready)
    expect(anew.resets).toBe(1)
    await sql.end()
  }, 60_000)

  test('a copy of a database is another stream, in which every change is told', async () => {
    await using cluster = await startPostgres()
    if (!cluster) throw new Error('PostgreSQL has gone')
    const url = await cluster.createDatabase()
    let at = ''
    {
      await using original = await serve(url)
      const live = await original.subscribe({})
      at = live.at
    }
    const admin = postgres(cluster.url, { max: 1, onnotice: () => {} })
    await admin.unsafe(`create database copied template ${new URL(url).pathname.slice(1)}`)
    await admin.end()
    const copy = `${url.slice(0, url.lastIndexOf('/'))}/copied`
    await using copied = await serve(copy)
    const set = await copied.subscribe({ since: at })
    await until(() => set.fold().ready)
    expect(set.resets).toBe(1)
    const sql = postgres(copy, { max: 1, onnotice: () => {} })
    await sql.unsafe('insert into items (n) values (7)')
    await until(() => numbers(set).at(-1) === 7)
    await sql.end()
  }, 60_000)
})
