import { defineSpec } from '@mqttspec/server'
import { relations } from 'drizzle-orm'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

const teams = pgTable('teams', { id: serial().primaryKey(), tenant: text().notNull(), name: text().notNull() })
const notes = pgTable('notes', {
  id: serial().primaryKey(),
  tenant: text().notNull(),
  teamId: integer('team_id').references(() => teams.id),
  slug: text().unique(),
  body: text().notNull(),
  mark: text(),
})
const teamsRelations = relations(teams, ({ many }) => ({ notes: many(notes) }))
const notesRelations = relations(notes, ({ one }) => ({
  team: one(teams, { fields: [notes.teamId], references: [teams.id] }),
}))

const auth = z.object({ userId: z.string(), tenant: z.string(), admin: z.boolean() })
const committed: unknown[] = []

const api = defineSpec({
  schema: { teams, notes, teamsRelations, notesRelations },
  auth,
  authenticate: ({ token }) => {
    const [userId, tenant, role] = token?.split('.') ?? []
    if (!userId || !tenant) throw new Error('token is user.tenant.role')
    return { userId, tenant, admin: role === 'admin' }
  },
})
  .entity('teams', { scope: ({ tenant }) => ({ tenant }), stamp: { tenant: ({ tenant }) => tenant } })
  .entity('notes', {
    omit: ['mark'],
    scope: ({ tenant }) => ({ tenant }),
    stamp: { tenant: ({ tenant }) => tenant },
    allow: { delete: ({ admin }) => admin },
  })
  .hook('beforeCreate', 'notes', (ctx) => {
    ctx.data.mark = `by ${ctx.auth.userId}`
  })
  .hook('afterRead', 'notes', (ctx) => {
    for (const row of ctx.rows) {
      if (row.body === 'unshowable') throw new Error('not to be shown')
      if (row.body?.startsWith('secret')) row.body = '•••'
    }
  })
  .hook('beforeRead', 'notes', (ctx) => {
    if (ctx.auth.userId === 'narrow') ctx.restrict({ slug: 'nothing' })
  })
  .hook('afterCreate', 'notes', (ctx) => ctx.afterCommit(() => committed.push(ctx.row)))

/** Holds a server over the database that `open` gives to what tenants promise. */
export function tenantsSuite(over: string, open?: OpenDatabase): void {
  describe(`tenants over ${over}`, () => {
    const running = withServer(api, open, { alice: 'ann.a.admin' })
    let asked = 0
    let eve: WireClient

    beforeEach(async () => {
      eve = await running.connect('eve', { username: 'token', password: 'eve.b.user' })
    })

    const request = async (client: WireClient, message: object) =>
      (await client.ask({ id: `${client.clientId}-${++asked}`, type: 'request', ...message })) as {
        success: boolean
        data: never
        metadata: { total: number }
        error?: { code: string; details?: object }
      }
    const read = (entity: string, options = {}) => ({ operation: 'read', entity, options })
    const create = (entity: string, data: unknown, options = {}) => ({ operation: 'create', entity, data, options })

    let team: { a: number; b: number }
    let note: { a: number; b: number }

    beforeAll(async () => {
      await using ann = await WireClient.connect(running.url, 'seed-a', 'spec', { username: 'ann.a.admin' })
      await using bea = await WireClient.connect(running.url, 'seed-b', 'spec', { username: 'bea.b.admin' })
      const id = async (client: WireClient, message: object) =>
        ((await request(client, message)).data as { id: number }).id
      team = {
        a: await id(ann, create('teams', { name: 'canary-a' })),
        b: await id(bea, create('teams', { name: 'canary-b' })),
      }
      note = {
        a: await id(ann, create('notes', { body: 'canary-a', slug: 'taken-a', teamId: team.a })),
        b: await id(bea, create('notes', { body: 'canary-b', slug: 'taken-b', teamId: team.b })),
      }
    })

    describe('who a client is', () => {
      test('is asked at CONNECT: a refused one gets return code 5', async () => {
        await expect(WireClient.connect(running.url, 'nobody')).rejects.toMatchObject({ code: 5 })
      })

      test('case H05: the reason stays in the server’s log', async () => {
        await expect(WireClient.connect(running.url, 'bad', 'spec', { username: 'bad-jwt' })).rejects.toMatchObject({
          code: 5,
        })
      })

      test('owns its client id: fault A04, another one can not come in under it, and the owner stays', async () => {
        await expect(
          WireClient.connect(running.url, 'alice', 'spec', { username: 'eve.b.user', clean: false }),
        ).rejects.toMatchObject({ code: 5 })
        expect((await running.client.ask({ id: 'p', type: 'ping' })).type).toBe('pong')
      })

      test('may say it again in band, and is then decided anew; as another one it is refused', async () => {
        await using zoe = await running.connect('zoe', { username: 'zoe.a.admin' })
        const { data: sub } = (await zoe.ask({
          id: 's',
          type: 'subscription',
          operation: 'subscribe',
          entity: 'notes',
        })) as { data: { subscription_id: string } }
        expect(sub.subscription_id).toBeDefined()
        expect(await zoe.ask({ id: 'c', type: 'connect', data: { token: 'zoe.b.user' } })).toMatchObject({
          success: true,
        })
        await until(() =>
          zoe.notifications.some(({ payload }) => (payload as { operation: string }).operation === 'reset'),
        )
        expect(((await request(zoe, read('notes'))).data as { body: string }[]).map(({ body }) => body)).toContain(
          'canary-b',
        )
        expect(await zoe.ask({ id: 'd', type: 'connect', data: { token: 'mia.b.user' } })).toMatchObject({
          error: { code: 'auth_error' },
        })
      })

      test('ends when its token does: fault A02', async () => {
        const exp = defineSpec({
          schema: { teams },
          authenticate: () => ({ sub: 'x', exp: Date.now() / 1_000 + 0.5 }),
        }).entity('teams')
        await using server = await exp.listen({ broker: { port: 0, webSocket: false } })
        await using client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'short')
        await until(() => !client.mqtt.connected, 3_000)
      })
    })

    describe('a scope', () => {
      test('fault A10: rows of another tenant can not be read, counted, changed or deleted', async () => {
        expect((await request(eve, read('notes'))).metadata.total).toBe(1)
        expect(
          (
            await request(
              eve,
              read('notes', {
                filters: [
                  {
                    or: [
                      { column: 'tenant', operator: 'eq', value: 'a' },
                      { column: 'id', operator: 'gt', value: 0 },
                    ],
                  },
                ],
              }),
            )
          ).metadata.total,
        ).toBe(1)
        expect((await request(eve, { ...read('notes'), record_id: note.a })).error?.code).toBe('not_found')
        expect(
          (await request(eve, { operation: 'update', entity: 'notes', record_id: note.a, data: { body: 'x' } })).error
            ?.code,
        ).toBe('not_found')
        expect((await request(eve, { operation: 'delete', entity: 'teams', record_id: team.a })).error?.code).toBe(
          'not_found',
        )
        expect((await request(eve, read('notes', { aggregate: { fields: { n: { fn: 'count' } } } }))).data).toEqual([
          { n: 1 },
        ])
        expect((await request(eve, read('notes', { fetch_row_number: note.a }))).error?.code).toBe('not_found')
        expect((await request(eve, read('notes', { cursor_forward: note.a }))).error?.code).toBe('cursor_error')
      })

      test('fault A11: what the server sets can not be sent', async () => {
        expect((await request(eve, create('notes', { body: 'x', tenant: 'a' }))).error).toMatchObject({
          code: 'invalid_data',
          details: { path: ['data', 'tenant'] },
        })
        expect(
          (await request(eve, { operation: 'update', entity: 'notes', record_id: note.b, data: { tenant: 'a' } })).error
            ?.code,
        ).toBe('invalid_data')
        expect((await request(eve, create('notes', { body: 'x', mark: 'y' }))).error?.code).toBe('invalid_data')
      })

      test('fault A12: a preload shows only rows in scope, at each level', async () => {
        const { data } = await request(
          eve,
          read('teams', { preload: [{ relation: 'notes', preload: [{ relation: 'team' }] }] }),
        )
        expect(JSON.stringify(data)).not.toContain('canary-a')
        expect(JSON.stringify(data)).toContain('canary-b')
      })

      test('fault A13: a hidden column can not be named anywhere', async () => {
        const filter = [{ column: 'mark', operator: 'eq', value: 'x' }]
        for (const options of [
          { filters: filter },
          { columns: ['mark'] },
          { omit_columns: ['mark'] },
          { sort: [{ column: 'mark' }] },
          { aggregate: { fields: { n: { fn: 'max', column: 'mark' } } } },
        ]) {
          expect((await request(eve, read('notes', options))).error?.code, JSON.stringify(options)).toBe(
            'invalid_options',
          )
        }
        expect(
          await eve.ask({
            id: 'f',
            type: 'subscription',
            operation: 'subscribe',
            entity: 'notes',
            options: { filters: filter },
          }),
        ).toMatchObject({ error: { code: 'invalid_options' } })
        expect(JSON.stringify((await request(eve, { operation: 'meta', entity: 'notes' })).data)).not.toContain('mark')
      })

      test('fault A18: a foreign key to another tenant’s row is as one to no row, also in a batch and in an update', async () => {
        const toNone = await request(eve, create('notes', { body: 'x', teamId: 99_999 }))
        const toOther = await request(eve, create('notes', { body: 'x', teamId: team.a }))
        expect(toNone.error?.code).toBe('constraint_violation')
        expect(toOther.error).toEqual(toNone.error)
        expect(
          (await request(eve, { operation: 'update', entity: 'notes', record_id: note.b, data: { teamId: team.a } }))
            .error?.code,
        ).toBe('constraint_violation')
        expect(
          (await request(eve, create('notes', [{ body: 'x' }, { body: 'y', teamId: team.a }]))).error,
        ).toMatchObject({
          code: 'constraint_violation',
          details: { index: 1 },
        })
        expect((await request(eve, read('notes'))).metadata.total).toBe(1)
      })

      test('an upsert over another tenant’s row is a conflict that tells nothing of it', async () => {
        for (const action of ['update', 'nothing']) {
          const reply = await request(
            eve,
            create('notes', { body: 'mine', slug: 'taken-a' }, { on_conflict: { columns: ['slug'], do: action } }),
          )
          expect(reply.error?.code).toBe('conflict')
          expect(JSON.stringify(reply)).not.toContain('canary-a')
        }
        expect((await request(running.client, { ...read('notes'), record_id: note.a })).data).toMatchObject({
          body: 'canary-a',
        })
      })

      test('fault A15: notifications follow it, and a row that leaves it is told by its key alone', async () => {
        await eve.ask({ id: 's', type: 'subscription', operation: 'subscribe', entity: 'notes' })
        await request(running.client, create('notes', { body: 'canary-a of alice' }))
        const mine = await request(eve, create('notes', { body: 'hello' }))
        await until(() => eve.notifications.length >= 1)
        await quiet(100)
        expect(eve.notifications).toHaveLength(1)
        expect(eve.notifications[0]?.payload).toMatchObject({
          change: 'enter',
          data: { id: (mine.data as { id: number }).id },
        })
        expect(JSON.stringify(eve.arrived)).not.toContain('canary-a')
      })
    })

    describe('rules and hooks', () => {
      test('what is not allowed is forbidden', async () => {
        expect((await request(eve, { operation: 'delete', entity: 'notes', record_id: note.b })).error?.code).toBe(
          'forbidden',
        )
        expect(
          (
            await request(eve, {
              operation: 'batch',
              data: { operations: [{ operation: 'delete', entity: 'notes', record_id: note.b }] },
            })
          ).error?.code,
        ).toBe('forbidden')
      })

      test('a hook may set a hidden column, and a side effect waits for the commit', async () => {
        const before = committed.length
        await request(eve, create('notes', { body: 'note', slug: 'free' }))
        await until(() => committed.length === before + 1)
        expect(committed.at(-1)).toMatchObject({ body: 'note', mark: 'by eve', tenant: 'b' })
        await request(eve, create('notes', { body: 'note', slug: 'free' }))
        expect(committed).toHaveLength(before + 1)
      })

      test('a row that a hook refuses to show is not stored either', async () => {
        const before = (await request(eve, read('notes'))).metadata.total
        expect((await request(eve, create('notes', { body: 'unshowable' }))).error?.code).toBe('hook_error')
        expect((await request(eve, read('notes'))).metadata.total).toBe(before)
      })

      test('a hook that narrows a read narrows it where the rows come along too', async () => {
        const narrow = await running.connect('narrow', { username: 'narrow.b.user' })
        expect((await request(narrow, read('notes'))).metadata.total).toBe(0)
        const { data } = await request(narrow, read('teams', { preload: [{ relation: 'notes' }] }))
        expect((data as { notes: unknown[] }[]).flatMap(({ notes }) => notes)).toEqual([])
      })

      test('a column that is masked in reads is masked in replies, preloads and notifications too', async () => {
        await eve.ask({ id: 'm', type: 'subscription', operation: 'subscribe', entity: 'notes' })
        const reply = await request(eve, create('teams', { name: 't', notes: [{ body: 'secret 1' }] }))
        const tree = await request(eve, read('teams', { preload: [{ relation: 'notes' }] }))
        await until(() => eve.notifications.length > 0)
        expect(JSON.stringify([reply, tree, eve.arrived])).not.toContain('secret')
        expect(JSON.stringify(tree)).toContain('•••')
      })
    })
  })
}
