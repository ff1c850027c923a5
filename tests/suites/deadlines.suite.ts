import { setTimeout as wait } from 'node:timers/promises'
import { defineSpec } from '@mqttspec/server'
import { sql } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

const notes = pgTable('notes', { id: integer().primaryKey(), text: text() })

const DEADLINE_MS = 800

const slow = defineSpec({ schema: { notes } })
  .entity('notes', {
    operators: { asleep: (_, seconds) => sql`exists (select from pg_sleep(${String(seconds)}::text::float8))` },
  })
  .hook('beforeCreate', async ({ data }) => {
    if ((data as { text?: string }).text === 'late') await wait(2.5 * DEADLINE_MS)
  })

/** Holds a server over the database that `open` gives to what it promises of work that takes too long. */
export function deadlinesSuite(over: string, open: OpenDatabase = async () => ({})): void {
  describe(`what takes too long over ${over}`, () => {
    const running = withServer(slow, async () => ({
      ...(await open()),
      install: true,
      limits: { maxStatementMs: DEADLINE_MS, maxRequestMs: 2 * DEADLINE_MS },
    }))
    const sleeping = (seconds: number) => ({
      id: `sleep-${seconds}`,
      type: 'request',
      operation: 'read',
      entity: 'notes',
      options: { customOperators: [{ name: 'asleep', value: seconds }] },
    })

    test('a statement beyond its time is a timeout, and the broker answers others meanwhile', async () => {
      const other = await running.connect('bob')
      await running.client.ask({ id: '1', type: 'request', operation: 'create', entity: 'notes', data: { id: 1 } })
      const startedAt = performance.now()
      let isAnswered = false
      const asked = running.client.ask(sleeping(8 * (DEADLINE_MS / 1_000))).finally(() => {
        isAnswered = true
      })
      await wait(DEADLINE_MS / 8)
      const pong = await other.ask({ id: 'p', type: 'ping' })
      expect(pong).toMatchObject({ type: 'pong', id: 'p' })
      expect(isAnswered).toBe(false)
      expect(await asked).toMatchObject({ success: false, error: { code: 'timeout' } })
      expect(performance.now() - startedAt).toBeLessThan(8 * DEADLINE_MS)
      await until(async () => (await other.ask({ ...sleeping(0), id: `${performance.now()}` })).success === true)
    })

    test('a write whose reply came too late is stored, told of, and not stored again when it is sent again', async () => {
      const { client } = running
      await client.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'notes' })
      const write = {
        id: 'a-long-id-of-a-late-write',
        type: 'request',
        operation: 'create',
        entity: 'notes',
        data: { id: 7, text: 'late' },
      }
      expect(await client.ask(write)).toMatchObject({ success: false, error: { code: 'timeout' } })
      await until(() => client.notifications.length === 1)
      expect(client.notifications[0]?.payload).toMatchObject({ change: 'enter', key: 7 })
      expect(await client.ask(write)).toMatchObject({ success: true, data: { id: 7, text: 'late' } })
    })
  })
}
