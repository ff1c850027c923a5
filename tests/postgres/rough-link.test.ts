import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { RoughLink, type Roughness } from '../faults/client-rough-link.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'
import { DRIVERS } from './stream-drivers.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer(), note: text() })
const api = defineSpec({ schema: { items } }).entity('items')
const WRITES = 50
const ROUGH: Readonly<Record<string, Roughness>> = {
  '1 to 7 bytes at a time': { sliceBytes: 7 },
  '10 ms late': { latencyMs: 10 },
}

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  const trials = Object.keys(DRIVERS).flatMap((driver) => Object.keys(ROUGH).map((how) => [how, driver] as const))

  test.each(trials)('fault D07: a link to the database that passes %s changes nothing, by %s', async (how, driver) => {
    await using link = await RoughLink.open(cluster.port, ROUGH[how])
    const url = (await cluster.createDatabase()).replace(`:${cluster.port}/`, `:${link.port}/`)
    await using server = await api.listen({
      database: DRIVERS[driver as keyof typeof DRIVERS](url),
      createTables: true,
      install: true,
      broker: { port: 0, webSocket: false },
      logger: { info() {}, warn() {}, error() {} },
    })
    await using client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'a')
    await client.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'items' })
    const note = 'ü😀"\\ '.repeat(200)
    const write = (n: number) =>
      client.send({ id: `w${n}`, type: 'request', operation: 'create', entity: 'items', data: { n, note } })
    await Promise.all(Array.from({ length: WRITES }, (_, n) => write(n)))
    await until(() => client.responses.length > WRITES && client.notifications.length >= WRITES, 30_000)
    expect(client.responses.every((reply) => (reply as { success: boolean }).success)).toBe(true)
    const told = client.notifications.map(
      ({ payload }) => payload as { seq: number; data: { n: number; note: string } },
    )
    expect(told.map(({ seq }) => seq)).toEqual(Array.from({ length: WRITES }, (_, n) => n + 1))
    const { data } = await client.ask({ id: 'r', type: 'request', operation: 'read', entity: 'items', options: {} })
    const rows = data as { n: number; note: string }[]
    expect(new Set(rows.map(({ n }) => n)).size).toBe(WRITES)
    expect(rows).toHaveLength(WRITES)
    for (const row of [...rows, ...told.map((event) => event.data)]) expect(row.note).toBe(note)
  })
})
