import { defineSpec, type ListenOptions } from '@mqttspec/server'
import { relations, sql } from 'drizzle-orm'
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
const sheets = pgTable('sheets', {
  id: serial().primaryKey(),
  paperId: integer('paper_id').notNull(),
  body: text().notNull(),
})
const schema = {
  papers,
  masked,
  sheets,
  ofPapers: relations(papers, ({ many }) => ({ sheets: many(sheets) })),
  ofSheets: relations(sheets, ({ one }) => ({
    paper: one(papers, { fields: [sheets.paperId], references: [papers.id] }),
  })),
}

const spec = defineSpec({ schema })
  .entity('papers')
  .entity('sheets')
  .entity('masked')
  .hook('afterRead', 'masked', ({ rows }) => {
    for (const row of rows) row.body = row.rank === 1 ? 'x'.repeat(30_000) : '-'
  })
const plain = defineSpec({ schema }).entity('papers').entity('sheets')

/** Holds a server to what it promises where a reply would be too large, over the database that `open` gives. */
export function largeRepliesSuite(over: string, open?: OpenDatabase): void {
  // With a hook that looks at rows a write is a transaction; without, most are one statement.
  for (const [how, api] of [
    ['in one statement', plain],
    ['under hooks', spec],
  ] as const) {
    describe(`large replies ${how} over ${over}`, () => {
      const limits = { maxResponseBytes: MOST }
      const running = withServer({ listen: (options: ListenOptions) => api.listen({ ...options, limits }) }, open)
      const { data, failure, reply } = asking(running)
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
        await db().execute(sql`truncate papers, masked, sheets restart identity`)
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

      test('of reads are too large where the rows that are meant are, whatever comes after them', async () => {
        const read = (options: object = {}, more: object = {}) => {
          const sort = [{ column: 'rank' }, { column: 'id' }]
          return { operation: 'read', entity: 'papers', options: { sort, ...options }, ...more }
        }
        expect(await data(read({ limit: 1 }))).toMatchObject([{ code: 'small' }])
        expect(await data(read({ limit: 0 }))).toEqual([])
        expect(await data(read({ columns: ['code'] }))).toEqual([{ code: 'small' }, { code: 'large' }])
        for (const message of [read(), read({ limit: 2 }), read({ limit: 1, offset: 1 }), read({}, { record_id: 2 })])
          expect(await failure(message)).toMatchObject({
            code: 'payload_too_large',
            message: expect.stringContaining('fewer rows'),
          })
        // One row by itself, with more of others than a reply can hold.
        await db()
          .insert(sheets)
          .values(Array.from({ length: 30 }, () => ({ paperId: 1, body: 'b'.repeat(1_000) })))
        const withSheets = (limit: number) =>
          read({ sort: [], preload: [{ relation: 'sheets', limit }] }, { record_id: 1 })
        expect((await data(withSheets(15))) as { sheets: object[] }).toMatchObject({ sheets: { length: 15 } })
        expect(await failure(withSheets(30))).toMatchObject({ code: 'payload_too_large' })
        expect(await failure(read({}, { record_id: 77 }))).toMatchObject({ code: 'not_found' })
        // Up to the very size, and on the way back.
        await db()
          .update(papers)
          .set({ body: 'b'.repeat(17_800) })
        const { data: rows, metadata } = await reply(read({ limit: 1, offset: 1 }))
        expect(rows).toMatchObject([{ code: 'large' }])
        expect(await data(read({ limit: 1, cursor_backward: metadata.previous }))).toMatchObject([{ code: 'small' }])
        expect(await failure(read({ limit: 2 }))).toMatchObject({ code: 'payload_too_large' })
        expect(await data(read({ limit: 0, offset: 5 }))).toEqual([])
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
          expect(await data({ operation: 'read', entity: 'masked' })).toMatchObject([{ body: '-' }])
          expect(await db().$count(masked)).toBe(1)
        })
    })
  }
}
