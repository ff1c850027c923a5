import { defineSpec, type Server } from '@mqttspec/server'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { RoughLink, type Roughness } from './client-rough-link.ts'

const notes = pgTable('notes', { id: serial().primaryKey(), text: text().notNull() })
const api = defineSpec({ schema: { notes } }).entity('notes')
const WRITES = 30

interface Told {
  readonly seq: number
  readonly change?: string
  readonly data: { readonly text: string }
}

describe('the link of a client that is no library of ours', () => {
  let server: Server
  let run = 0
  beforeAll(async () => {
    server = await api.listen({ broker: { port: 0, webSocket: false }, logger: { info() {}, warn() {}, error() {} } })
  })
  afterAll(() => server.close())

  const ROUGH: Readonly<Record<string, Roughness>> = {
    '1 to 7 bytes at a time': { sliceBytes: 7 },
    '60 ms late': { latencyMs: 60 },
    '8 KB a second': { bytesPerSecond: 8_000 },
    'all of that together': { sliceBytes: 7, latencyMs: 60, bytesPerSecond: 8_000 },
  }

  test.each(Object.entries(ROUGH))(
    'fault D07: that passes %s has each write run once, and told once',
    async (_, rough) => {
      await using link = await RoughLink.open(server.addresses.mqtt?.port ?? 0, rough)
      const clientId = `rough-${++run}`
      await using client = await WireClient.connect(`mqtt://127.0.0.1:${link.port}`, clientId)
      const filters = [{ column: 'text', operator: 'startswith', value: `${clientId} ` }]
      const rows = { entity: 'notes', options: { filters, limit: 1_000 } }
      expect(
        await client.ask({
          id: 's',
          type: 'subscription',
          operation: 'subscribe',
          entity: 'notes',
          options: { filters },
        }),
      ).toMatchObject({ success: true })
      const texts = Array.from({ length: WRITES }, (_, n) => `${clientId} ${n}`)
      for (const [n, text] of texts.entries()) {
        const message = { id: `write-${n}-${'x'.repeat(16)}`, type: 'request', operation: 'create', entity: 'notes' }
        const body = JSON.stringify({ ...message, data: { text } })
        // Some come twice, as they do from a client that has heard nothing for a while.
        for (let times = n % 3 === 0 ? 2 : 1; times > 0; times--)
          client.mqtt.publish(`spec/${clientId}/request`, body, { qos: 1 })
      }
      const sent = WRITES + Math.ceil(WRITES / 3)
      await until(() => client.responses.length > sent && client.notifications.length >= WRITES, 30_000)
      const told = client.notifications.map(({ payload }) => payload as Told)
      expect(told.map(({ seq, change, data }) => [seq, change, data.text])).toEqual(
        texts.map((text, n) => [n + 1, 'enter', text]),
      )
      expect(client.responses.every((reply) => (reply as { success: boolean }).success)).toBe(true)
      const { data } = await client.ask({ id: 'r', type: 'request', operation: 'read', ...rows })
      expect((data as { text: string }[]).map(({ text }) => text)).toEqual(texts)
    },
  )
})
