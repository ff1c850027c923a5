import { defineSpec } from '@mqttspec/server'
import { eq, relations, sql } from 'drizzle-orm'
import { integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import { beforeEach, describe, expect, test } from 'vitest'
import { until } from '../until.ts'
import { asking } from './ask.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

const accounts = pgTable('accounts', { id: serial().primaryKey(), name: text().notNull(), posts: integer().default(0) })
const posts = pgTable('posts', {
  id: serial().primaryKey(),
  accountId: integer('account_id')
    .notNull()
    .references(() => accounts.id),
  title: text().notNull(),
})
const trail = pgTable('trail', {
  id: serial().primaryKey(),
  what: text().notNull(),
  at: timestamp({ withTimezone: true }).notNull().defaultNow(),
})
const accountsRelations = relations(accounts, ({ many }) => ({ written: many(posts) }))
const postsRelations = relations(posts, ({ one }) => ({
  account: one(accounts, { fields: [posts.accountId], references: [accounts.id] }),
}))

const seen: unknown[] = []

// Clients see one account, and nobody reaches the trail: the server itself does.
const api = defineSpec({ schema: { accounts, posts, trail, accountsRelations, postsRelations } })
  .entity('accounts', { scope: () => ({ name: 'Ann' }) })
  .entity('posts')
  .hook('beforeRead', 'posts', async ({ db }) => {
    await db.insert(trail).values({ what: 'read' })
  })
  .hook('beforeCreate', 'posts', async ({ db, data }) => {
    const account = await db.query.accounts.findFirst({
      where: eq(accounts.id, data.accountId ?? 0),
      with: { written: true },
    })
    if (!account) throw new Error('no such account')
    seen.push(account.written.map(({ title }) => title))
  })
  .hook('afterCreate', 'posts', async (ctx) => {
    await ctx.db.insert(trail).values({ what: `made ${ctx.row.title}` })
    await ctx.db
      .update(accounts)
      .set({ posts: sql`${accounts.posts} + 1` })
      .where(eq(accounts.id, ctx.row.accountId))
    if (ctx.row.title === 'broken') await ctx.db.insert(posts).values({ accountId: 77, title: 'hunter2' })
    if (ctx.row.title === 'refused') throw new Error('no')
    if (ctx.row.title === 'late')
      ctx.afterCommit(async () => void (await ctx.db.insert(trail).values({ what: 'after' })))
  })

/** Holds hooks to what they are promised of their database, over the one that `open` gives. */
export function hookDatabaseSuite(over: string, open?: OpenDatabase): void {
  describe(`the database of hooks over ${over}`, () => {
    const running = withServer(api, open)
    const { data, failure } = asking(running)
    const server = () => running.server as Awaited<ReturnType<typeof api.listen>>
    const create = (title: string, accountId = 1) => ({
      operation: 'create',
      entity: 'posts',
      data: { title, accountId },
    })
    const trailed = async () => (await server().db.select().from(trail).orderBy(trail.id)).map(({ what }) => what)
    const counted = async () => (await server().db.query.accounts.findFirst({ where: eq(accounts.id, 1) }))?.posts

    beforeEach(async () => {
      await server().db.execute(sql`truncate accounts, posts, trail restart identity`)
      await server()
        .db.insert(accounts)
        .values([{ name: 'Ann' }, { name: 'Bob' }])
      seen.length = 0
    })

    test('is Drizzle in the transaction of the write: it is stored with it, and sees what it has done', async () => {
      await data(create('one'))
      await data({ operation: 'batch', data: { operations: [create('two'), create('three')] } })
      expect(await trailed()).toEqual(['made one', 'made two', 'made three'])
      expect(await counted()).toBe(3)
      expect(seen).toEqual([[], ['one'], ['one', 'two']])
    })

    test('takes back what it wrote when the write is taken back', async () => {
      expect(await failure(create('refused'))).toMatchObject({ code: 'hook_error', message: 'no' })
      expect(
        await failure({ operation: 'batch', data: { operations: [create('two'), create('refused')] } }),
      ).toMatchObject({
        code: 'hook_error',
      })
      expect([await trailed(), await counted()]).toEqual([[], 0])
    })

    test('is under no scope, and reads outside of a write', async () => {
      expect(await data({ operation: 'read', entity: 'accounts' })).toHaveLength(1)
      expect(await failure(create('x', 2))).toMatchObject({ code: 'constraint_violation' })
      expect(seen).toEqual([[]])
      await data({ operation: 'read', entity: 'posts' })
      expect(await trailed()).toEqual(['read'])
    })

    test('is the database itself after the commit', async () => {
      await data(create('late'))
      await until(async () => (await trailed()).includes('after'))
    })

    test('is told to subscribers when it is committed, as what the server itself writes is', async () => {
      const id = await running.client.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'posts' })
      expect(id).toMatchObject({ success: true })
      await server().db.transaction(async (tx) => {
        await tx.insert(posts).values({ accountId: 1, title: 'by the server' })
      })
      await until(() => running.client.notifications.length === 1)
      expect(running.client.notifications[0]?.payload).toMatchObject({ data: { title: 'by the server' } })
    })

    test('tells a client nothing of SQL when it fails', async () => {
      const error = await failure(create('broken'))
      expect(error).toMatchObject({ code: 'hook_error', message: 'hook afterCreate failed' })
      expect(JSON.stringify(error)).not.toMatch(/insert|hunter2/)
      expect(await trailed()).toEqual([])
      await expect(server().db.insert(posts).values({ accountId: 77, title: 'x' })).rejects.toThrow('Failed query')
    })
  })
}
