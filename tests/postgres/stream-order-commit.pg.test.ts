import { defineSpec } from '@mqttspec/server'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { FoldedSet } from '../suites/folded-set.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'

const items = pgTable('items', { id: integer().primaryKey(), n: integer() })
const api = defineSpec({ schema: { items } }).entity('items')
const logger = { info() {}, warn() {}, error() {} }

/** Postgres looks at this one when the transaction is committed, and not before. */
const TABLE = `create table items (id integer primary key, n integer unique deferrable initially deferred)`

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  test.each([
    ['with the log', true],
    ['by a server that tells itself of its writes', false],
  ])(
    'a write that fails when it is committed is told to nobody, and one that does not is told once: %s',
    async (_, install) => {
      const url = await cluster.createDatabase()
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      await sql.unsafe(TABLE)
      const server = await api.listen({ database: url, install, logger, broker: { port: 0, webSocket: false } })
      const client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'writer')
      const subscribe = { type: 'subscription', operation: 'subscribe', entity: 'items' }
      const { data } = await client.ask({ id: 'subscribe', ...subscribe })
      const set = new FoldedSet(client, (data as { notify_topic: string }).notify_topic)
      const create = (id: number, n: number) => ({ operation: 'create', entity: 'items', data: { id, n } })
      const ask = (id: string, message: object) => client.ask({ id: id.padEnd(20, '-'), type: 'request', ...message })
      const batch = (...operations: object[]) => ({ operation: 'batch', data: { operations } })

      expect(await ask('one', create(1, 1))).toMatchObject({ success: true })
      expect(await ask('again', create(2, 1))).toMatchObject({ error: { code: 'conflict' } })
      expect(await ask('batch', batch(create(3, 3), create(4, 1)))).toMatchObject({ error: { code: 'conflict' } })
      expect(await ask('batch', batch(create(3, 3), create(4, 1)))).toMatchObject({ error: { code: 'conflict' } })
      // What was refused is tried anew, and was not remembered as done.
      await sql.unsafe('delete from items')
      expect(await ask('batch', batch(create(3, 3), create(4, 1)))).toMatchObject({ success: true })
      expect(await ask('last', create(5, 5))).toMatchObject({ success: true })
      await until(() => set.fold().events.at(-1)?.key === 5)
      const told = set.events.filter(({ operation }) => operation === 'create')
      expect(told.map(({ key }) => key)).toEqual([1, 3, 4, 5])
      expect(await sql.unsafe('select id from items order by id')).toEqual([{ id: 3 }, { id: 4 }, { id: 5 }])
      await client[Symbol.asyncDispose]()
      await server.close()
      await sql.end()
    },
  )
})
