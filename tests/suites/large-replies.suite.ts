import { defineSpec, type ListenOptions } from '@mqttspec/server'
import { sql } from 'drizzle-orm'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { quiet } from '../until.ts'
import { asking } from './ask.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

const MOST = 20_000

const papers = pgTable('papers', {
  id: serial().primaryKey(),
  code: text().unique(),
  rank: integer().notNull().default(0),
  body: text().notNull().default(''),
  // As large as its owner wants, whatever a client sends.
  seal: text().notNull().default(sql`repeat('s', 900)`),
})
const masked = pgTable('masked', {
  id: serial().primaryKey(),
  rank: integer().notNull().default(0),
  body: text().notNull().default(sql`repeat('b', 30000)`),
})

const spec = defineSpec({ schema: { papers, masked } })
  .entity('papers')
  .entity('masked')
  .hook('afterRead', 'masked', ({ rows }) => {
    for (const row of rows) row.body = row.rank === 1 ? 'x'.repeat(30_000) : '-'
  })
const plain = defineSpec({ schema: { papers, masked } }).entity('papers')

/** Holds a server to what it promises of writes whose reply would be too large, over the database that `open` gives. */
export function largeRepliesSuite(over: string, open?: OpenDatabase): void {
  // With a hook that looks at rows a write is a transaction; without, most are one statement.
  for (const [how, api] of [
    ['in one statement', plain],
    ['under hooks', spec],
  ] as const) {
    describe(`replies of writes ${how} over ${over}`, () => {
      const limits = { maxResponseBytes: MOST }
      const running = withServer({ listen: (options: ListenOptions) => api.listen({ ...options, limits }) }, open)
      const { data, failure } = asking(running)
      const db = () => (running.server as Awaited<ReturnType<typeof plain.listen>>).db
      const longId = () => `long-${Math.random()}`.padEnd(21, '0')
      const refused = async (message: object) => {
        // A short id, and a long one, which is logged along with its reply.
        for (const more of [{}, { id: longId() }]) {
          const error = await failure({ ...message, ...more })
          expect(error).toMatchObject({ code: 'payload_too_large' })
        }
      }
      const stored = async () =>
        (await db().select().from(papers).orderBy(papers.id)).map(({ code, rank }) => [code, rank])

      beforeEach(async () => {
        await db().execute(sql`truncate papers, masked restart identity`)
        await db()
          .insert(papers)
          .values([{ code: 'small' }, { code: 'large', body: 'ü'.repeat(15_000) }])
      })

      test('that would be too large are told as such, and nothing was stored', async () => {
        const change = { operation: 'update', entity: 'papers', record_id: 2, data: { rank: 1 } }
        await refused(change)
        await refused({
          ...change,
          record_id: undefined,
          data: [
            { id: 1, rank: 1 },
            { id: 2, rank: 1 },
          ],
        })
        await refused({ operation: 'create', entity: 'papers', data: { body: 'b'.repeat(19_000) } })
        await refused({ operation: 'create', entity: 'papers', data: Array.from({ length: 30 }, () => ({})) })
        await refused({
          operation: 'create',
          entity: 'papers',
          data: { code: 'large', rank: 1 },
          options: { on_conflict: { columns: ['code'], do: 'update' } },
        })
        const operations = [
          { operation: 'update', entity: 'papers', record_id: 1, data: { rank: 1 } },
          { operation: 'update', entity: 'papers', record_id: 2, data: { rank: 1 } },
        ]
        await refused({ operation: 'batch', data: { operations } })
        expect(await stored()).toEqual([
          ['small', 0],
          ['large', 0],
        ])
      })

      test('that fit are told, up to the very size', async () => {
        const fits = { operation: 'create', entity: 'papers', data: { code: 'fits', body: 'b'.repeat(17_900) } }
        expect(await data({ ...fits, id: longId() })).toMatchObject({ code: 'fits' })
        expect(
          await data({ operation: 'create', entity: 'papers', data: Array.from({ length: 15 }, () => ({})) }),
        ).toHaveLength(15)
        expect(await data({ operation: 'delete', entity: 'papers', record_id: 2 })).toEqual({ deleted: true })
      })

      test('tell nobody of a write that was taken back, and a repeat is tried anew', async () => {
        const id = longId()
        const change = { id, operation: 'update', entity: 'papers', record_id: 2, data: { rank: 1 } }
        await running.client.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'papers' })
        expect(await failure(change)).toMatchObject({ code: 'payload_too_large' })
        await quiet(100)
        expect(running.client.notifications).toEqual([])
        await db().update(papers).set({ body: '' })
        expect(await data(change)).toMatchObject({ rank: 1 })
        expect(await data(change)).toMatchObject({ rank: 1 })
      })

      if (api === spec)
        test('are as large as hooks leave them', async () => {
          expect(await data({ operation: 'create', entity: 'masked', data: {} })).toMatchObject({ body: '-' })
          await refused({ operation: 'create', entity: 'masked', data: { rank: 1 } })
          expect(await db().$count(masked)).toBe(1)
        })
    })
  }
}
