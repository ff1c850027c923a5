import { defineSpec, type Server } from '@mqttspec/server'
import { relations, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

const boards = pgTable('boards', { id: serial().primaryKey(), tenant: text().notNull(), name: text().notNull() })
const cards = pgTable('cards', {
  id: serial().primaryKey(),
  tenant: text().notNull(),
  boardId: integer('board_id').references(() => boards.id),
  title: text().notNull(),
})
const schema = {
  boards,
  cards,
  boardsRelations: relations(boards, ({ many }) => ({ cards: many(cards) })),
  cardsRelations: relations(cards, ({ one }) => ({
    board: one(boards, { fields: [cards.boardId], references: [boards.id] }),
  })),
}

const POLICIES = `
  create role app login;
  grant usage on schema public, mqttspec to app;
  grant all on all tables in schema public, mqttspec to app;
  grant all on all sequences in schema public, mqttspec to app;
  ${['boards', 'cards']
    .map(
      (table) => `alter table ${table} enable row level security;
      create policy tenants on ${table} to app using (tenant = current_setting('app.tenant'));`,
    )
    .join('\n')}`

const counted: number[] = []

// No scope: what bounds a client here are the policies alone. To be subscribed to, cards say that this is meant.
const api = defineSpec({
  schema,
  authenticate: ({ token }) => ({ sub: token, tenant: token }),
  principal: () => 'anybody',
  session: (auth: undefined) => ({ 'app.tenant': (auth as unknown as { tenant: string }).tenant }),
})
  .entity('boards')
  .entity('cards', { scope: () => true })
  .hook('afterCreate', 'cards', async ({ db, row }) => {
    if (row.title === 'counted') counted.push(await db.$count(cards))
  })
  .hook('beforeRead', 'boards', async ({ db }) => {
    counted.push(await db.$count(boards))
  })

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres | undefined
  beforeAll(async () => {
    cluster = await startPostgres()
  }, 60_000)
  afterAll(() => cluster?.stop())

  describe.each(['postgres.js', 'node-postgres'])('row-level security over %s', (driver) => {
    let server: Server
    let owner: postgres.Sql
    const warnings: [object, string][] = []
    const connect = (tenant: string) =>
      WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, `${tenant}-client`, 'spec', {
        username: tenant,
      })
    let asked = 0
    const ask = async (client: WireClient, message: object) =>
      (await client.ask({ id: `r${++asked}`, type: 'request', ...message })) as {
        success: boolean
        data: never
        metadata: { total: number }
        error?: { code: string }
      }

    beforeAll(async () => {
      const url = (await cluster?.createDatabase()) ?? ''
      owner = postgres(url, { max: 1, onnotice: () => {} })
      const broker = { port: 0, webSocket: false } as const
      await (await api.listen({ database: url, createTables: true, install: true, broker })).close()
      await owner.unsafe(driver === 'postgres.js' ? POLICIES : POLICIES.replace('create role app login;', ''))
      const asApp = url.replace('postgres@', 'app@')
      const database = driver === 'postgres.js' ? asApp : drizzle(new Pool({ connectionString: asApp }))
      const logger = { info() {}, error() {}, warn: (facts: object, text: string) => void warnings.push([facts, text]) }
      server = await api.listen({ database, broker, logger })
    }, 60_000)
    beforeEach(async () => {
      counted.length = 0
      await owner.unsafe(`truncate boards, cards restart identity;
        insert into boards (tenant, name) values ('a', 'of a'), ('b', 'canary-of-b');
        insert into cards (tenant, board_id, title) values ('a', 1, 'a1'), ('b', 2, 'canary-of-b'), ('b', 1, 'canary-of-b');`)
    })
    afterAll(async () => {
      await server?.close()
      await owner?.end()
    })

    test('bounds reads, related rows, figures and totals, without any scope', async () => {
      await using a = await connect('a')
      const rows = await ask(a, { operation: 'read', entity: 'boards', options: { preload: [{ relation: 'cards' }] } })
      expect(rows.data).toEqual([
        { id: 1, tenant: 'a', name: 'of a', cards: [{ id: 1, tenant: 'a', boardId: 1, title: 'a1' }] },
      ])
      expect(rows.metadata.total).toBe(1)
      const cursor = await ask(a, { operation: 'read', entity: 'cards', options: { cursor_forward: 2 } })
      expect(cursor.error?.code).toBe('cursor_error')
      const rank = await ask(a, { operation: 'read', entity: 'cards', options: { fetch_row_number: 2 } })
      expect(rank.error?.code).toBe('not_found')
      const one = await ask(a, { operation: 'read', entity: 'boards', record_id: 2 })
      expect(one.error?.code).toBe('not_found')
      const figures = { aggregate: { fields: { n: { fn: 'count' } } } }
      expect((await ask(a, { operation: 'read', entity: 'cards', options: figures })).data).toEqual([{ n: 1 }])
      expect(JSON.stringify(a.arrived)).not.toContain('canary-of-b')
    })

    test('bounds writes, in one statement and in transactions', async () => {
      await using a = await connect('a')
      const code = async (message: object) => (await ask(a, message)).error?.code ?? 'ok'
      const update = { operation: 'update', entity: 'boards', data: { name: 'taken' } }
      expect(await code({ ...update, record_id: 2 })).toBe('not_found')
      expect(await code({ operation: 'delete', entity: 'cards', record_id: 2 })).toBe('not_found')
      expect(await code({ operation: 'create', entity: 'boards', data: { tenant: 'b', name: 'forged' } })).toBe(
        'forbidden',
      )
      expect(await code({ ...update, record_id: 1, data: { tenant: 'b' } })).toBe('forbidden')
      const operations = [
        { operation: 'create', entity: 'cards', data: { tenant: 'a', title: 'counted' } },
        { operation: 'update', entity: 'cards', record_id: 2, data: { title: 'taken' } },
      ]
      expect(await code({ operation: 'batch', data: { operations } })).toBe('not_found')
      expect(await code({ operation: 'create', entity: 'cards', data: { tenant: 'a', title: 'counted' } })).toBe('ok')
      expect(counted).toEqual([2, 2])
      const left = await owner`select tenant, count(*)::int from boards group by 1 order by 1`
      expect(left.map(({ tenant, count }) => [tenant, count])).toEqual([
        ['a', 1],
        ['b', 1],
      ])
      expect(await owner`select 1 from cards where title = 'taken'`).toHaveLength(0)
    })

    test('bounds the database of hooks', async () => {
      await using a = await connect('a')
      await ask(a, { operation: 'read', entity: 'boards' })
      expect(counted).toEqual([1])
      expect(await (server as Awaited<ReturnType<typeof api.listen>>).db.$count(boards)).toBe(0)
    })

    test('bounds the rows that a subscription begins with; one without a scope is refused', async () => {
      await using a = await connect('a')
      const subscribe = (entity: string) =>
        ask(a, { type: 'subscription', operation: 'subscribe', entity, options: { snapshot: true } })
      expect((await subscribe('boards')).error?.code).toBe('forbidden')
      expect((await subscribe('cards')).success).toBe(true)
      await until(() => a.notifications.some(({ payload }) => (payload as { operation: string }).operation === 'ready'))
      expect(a.notifications).toHaveLength(2)
      expect(JSON.stringify(a.arrived)).not.toContain('canary-of-b')
    })

    test('leaves no setting behind on a connection, whoever asks in between', async () => {
      await using a = await connect('a')
      await using b = await connect('b')
      const asks = Array.from({ length: 40 }, (_, index) =>
        a
          .send({ id: `a${index}`, type: 'request', operation: 'read', entity: 'cards' })
          .then(() => b.send({ id: `b${index}`, type: 'request', operation: 'read', entity: 'cards' })),
      )
      await Promise.all(asks)
      await until(() => a.responses.length === 40 && b.responses.length === 40)
      expect(JSON.stringify(a.arrived)).not.toContain('canary-of-b')
      expect(b.responses.every((reply) => JSON.stringify(reply).split('canary-of-b').length === 3)).toBe(true)
      const left = await (server as Awaited<ReturnType<typeof api.listen>>).db.execute(sql`select * from cards`)
      expect(left).toEqual([])
    })

    test('is said at the start not to reach subscriptions', () => {
      expect(warnings).toContainEqual([
        { cannotBeSubscribedTo: ['boards'] },
        expect.stringContaining('row-level security'),
      ])
    })
  })
})
