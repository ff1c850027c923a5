import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { FoldedSet } from './folded-set.ts'
import type { SharedDatabase } from './stream.suite.ts'

const items = pgTable('items', {
  id: serial().primaryKey(),
  grp: integer().notNull(),
  ver: integer().notNull().default(0),
  note: text(),
})

const auth = z.object({ sub: z.string(), sees: z.number() })

/** A token is `subject:number`, and its holder sees the rows of groups below that number. */
const api = defineSpec({
  schema: { items },
  auth,
  authenticate: ({ token }) => ({ sub: token?.split(':')[0], sees: Number(token?.split(':')[1] ?? 9) }),
}).entity('items', { scope: ({ sees }) => ({ grp: { lt: sees } }) })

/** Holds subscriptions that outlive their connections to their promises, over a database. */
export function durableSuite(over: string, open: () => Promise<SharedDatabase>): void {
  describe(`durable subscriptions over ${over}`, () => {
    let shared: SharedDatabase
    let server: Server
    let clients: WireClient[] = []
    let asked = 0
    let warnings: string[] = []

    const listen = (limits: ListenOptions['limits'] = {}) =>
      api.listen({
        database: shared.database,
        createTables: true,
        install: true,
        broker: { port: 0, webSocket: false },
        limits,
        logger: {
          info: () => {},
          warn: (facts, message) => void warnings.push(`${message} ${JSON.stringify(facts)}`),
          error: () => {},
        },
      })
    const restart = async (limits: ListenOptions['limits'] = {}) => {
      await server.close()
      server = await listen(limits)
    }

    beforeAll(async () => {
      shared = await open()
      server = await listen()
    }, 60_000)
    afterAll(async () => {
      await server.close()
      await shared.close()
    })
    afterEach(async () => {
      for (const client of clients) await client[Symbol.asyncDispose]()
      clients = []
      warnings = []
      await shared.sql('truncate items')
    })

    async function connect(id: string, token = `${id}:9`): Promise<WireClient> {
      const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
      const client = await WireClient.connect(url, id, 'spec', { username: token })
      clients.push(client)
      return client
    }
    const leave = (client: WireClient) => client[Symbol.asyncDispose]()
    const ask = (client: WireClient, options: object) =>
      client.ask({ id: `d${++asked}`, type: 'subscription', operation: 'subscribe', entity: 'items', options })
    async function subscribe(client: WireClient, options: object): Promise<FoldedSet & { id: string; at: string }> {
      const reply = await ask(client, options)
      expect(reply.error).toBeUndefined()
      const {
        notify_topic,
        subscription_id: id,
        at,
      } = reply.data as Record<'notify_topic' | 'subscription_id' | 'at', string>
      const set = Object.assign(new FoldedSet(client, notify_topic), { id, at })
      await until(() => set.fold().ready)
      return set
    }
    const insert = (note: string, grp = 0) => shared.sql(`insert into items (grp, note) values (${grp}, '${note}')`)
    const notes = (set: FoldedSet) =>
      set.fold().events.flatMap(({ data, key }) => (key === undefined ? [] : [data.note]))
    const rowOf = async (name: string) => (await shared.sql(`select * from mqttspec.durable where name = '${name}'`))[0]
    /** Resolves when the place of a name is that of the last event that its subscriber has. */
    const untilWritten = (name: string, set: FoldedSet) =>
      until(async () => (await rowOf(name))?.place === set.fold().events.findLast(({ at }) => at)?.at)

    test('one that comes back is told what it has not acknowledged, and nothing that it has', async () => {
      const first = await subscribe(await connect('a'), { durable: 'board' })
      await insert('one')
      await until(() => notes(first).length === 1)
      await untilWritten('board', first)
      await leave(first.client)
      await insert('two')
      const second = await subscribe(await connect('a'), { durable: 'board' })
      await insert('three')
      await until(() => notes(second).length === 2)
      expect(notes(second)).toEqual(['two', 'three'])
      expect(second.wrong).toEqual([])
      // It is the later one's acknowledgements that count now.
      await untilWritten('board', second)
      await leave(second.client)
      await insert('four')
      expect(notes(await subscribe(await connect('a'), { durable: 'board' }))).toEqual(['four'])
    })

    test('it outlives the server, and what a client acknowledged just before is not told again', async () => {
      const first = await subscribe(await connect('a'), { durable: 'over', snapshot: true })
      await insert('one')
      await until(() => notes(first).length === 1)
      // Its answer comes after what was acknowledged before.
      await first.client.ask({ id: 'p', type: 'ping' })
      await restart()
      await insert('two')
      const second = await subscribe(await connect('a'), { durable: 'over', snapshot: true })
      expect(notes(second)).toEqual(['two'])
      expect(second.resets).toBe(0)
    })

    test('who keeps its at goes on exactly there, also behind what it has acknowledged', async () => {
      const first = await subscribe(await connect('a'), { durable: 'exact' })
      for (const note of ['one', 'two', 'three']) await insert(note)
      await until(() => notes(first).length === 3)
      await untilWritten('exact', first)
      await leave(first.client)
      const [, one] = first.events
      const second = await subscribe(await connect('a'), { durable: 'exact', since: one?.at })
      expect(notes(second)).toEqual(['two', 'three'])
    })

    test('what was sent and never acknowledged comes once more', async () => {
      const deaf = await connect('deaf')
      const first = await subscribe(deaf, { durable: 'deaf' })
      await untilWritten('deaf', first)
      // From here on the client takes messages and acknowledges none.
      deaf.mqtt.handleMessage = () => undefined
      await insert('one')
      await quiet(200)
      await leave(deaf)
      const second = await subscribe(await connect('deaf'), { durable: 'deaf' })
      expect(notes(second)).toEqual(['one'])
    })

    test('far behind it is told what has become of each row, and not all that happened', async () => {
      await restart({ maxReplayedChanges: 5 })
      for (const note of ['stays', 'goes', 'changes']) await insert(note)
      const even = { filters: [{ column: 'grp', operator: 'eq', value: 0 }] }
      const first = await subscribe(await connect('a'), { durable: 'net', snapshot: true, ...even })
      await untilWritten('net', first)
      await leave(first.client)
      await shared.sql("delete from items where note = 'goes'")
      for (let ver = 1; ver <= 5; ver++) await shared.sql(`update items set ver = ${ver} where note = 'changes'`)
      await shared.sql("update items set grp = 1 where note = 'stays'")
      await shared.sql("update items set grp = 0 where note = 'stays'")
      await insert('comes')
      await insert('came and went')
      await shared.sql("delete from items where note = 'came and went'")
      await insert('elsewhere', 1)
      const second = await subscribe(await connect('a'), { durable: 'net', snapshot: true, ...even })
      for (const [key, row] of first.rows) second.rows.set(key, row)
      const told = second.events.filter(({ key }) => key !== undefined)
      expect(told.map(({ operation, change, data }) => [operation, change, data.note ?? null])).toEqual([
        ['delete', 'leave', null],
        ['update', 'update', 'changes'],
        ['update', 'update', 'stays'],
        ['create', 'enter', 'comes'],
        ['delete', 'leave', null],
      ])
      expect(told.every(({ at }) => at === undefined)).toBe(true)
      await insert('live')
      await until(() => notes(second).includes('live'))
      await restart()
    })

    test('a name is of one content: with another one it is refused, and the message says what to do', async () => {
      await subscribe(await connect('a'), { durable: 'mine' })
      const reply = await ask(await connect('a'), {
        durable: 'mine',
        filters: [{ column: 'grp', operator: 'eq', value: 1 }],
      })
      expect(reply.error).toMatchObject({ code: 'invalid_options', details: { path: ['options', 'durable'] } })
      expect((reply.error as { message: string }).message).toContain('another name')
      for (const durable of ['', 'a b', 'x'.repeat(65)]) {
        expect((await ask(await connect('a'), { durable })).error).toMatchObject({
          code: 'invalid_options',
          details: { path: ['options', 'durable'] },
        })
      }
    })

    test('a name is its client’s and its principal’s own', async () => {
      const set = await subscribe(await connect('a'), { durable: 'own' })
      await subscribe(await connect('b'), { durable: 'own' })
      expect(await shared.sql("select owner from mqttspec.durable where name = 'own' order by owner")).toEqual([
        { owner: JSON.stringify(['"a"', 'a']) },
        { owner: JSON.stringify(['"b"', 'b']) },
      ])
      await leave(set.client)
      await insert('for a')
      const other = await subscribe(await connect('a', 'somebody else:9'), { durable: 'own' })
      expect(notes(other)).toEqual([])
    })

    test('an unsubscribe ends it for good', async () => {
      const client = await connect('a')
      const set = await subscribe(client, { durable: 'ended' })
      const reply = await client.ask({
        id: 'u',
        type: 'subscription',
        operation: 'unsubscribe',
        subscription_id: set.id,
      })
      expect(reply.success).toBe(true)
      expect(await rowOf('ended')).toBeUndefined()
      await insert('unheard')
      expect(notes(await subscribe(client, { durable: 'ended' }))).toEqual([])
    })

    test('under other rights its place is worth nothing: it begins anew with the rows that may be seen now', async () => {
      await insert('low', 1)
      await insert('high', 8)
      const first = await subscribe(await connect('a', 'a:5'), { durable: 'rights', snapshot: true })
      expect(notes(first)).toEqual(['low'])
      await leave(first.client)
      const second = await subscribe(await connect('a', 'a:9'), { durable: 'rights', snapshot: true })
      expect(second.events.map(({ operation }) => operation)).toEqual(['reset', 'snapshot', 'snapshot', 'ready'])
    })

    test('a later one of the same name takes its place, and the earlier one moves it no more', async () => {
      const client = await connect('a')
      const first = await subscribe(client, { durable: 'twice' })
      const second = await subscribe(client, { durable: 'twice' })
      await insert('one')
      await until(() => notes(second).length === 1)
      await quiet(50)
      expect(notes(first)).toEqual([])
    })

    test('fault D09: what retention has outrun begins anew, and one warning comes before', async () => {
      const first = await subscribe(await connect('a'), { durable: 'late' })
      await untilWritten('late', first)
      await leave(first.client)
      // The last fifth, in which the warning comes, is longer than the time between two looks at what is to be forgotten.
      await restart({ maxChangeAgeMs: 8_000 })
      await insert('one')
      const isWarned = (message: string) => message.includes('so far behind') && message.includes('"late"')
      await until(async () => {
        await shared.sql('notify mqttspec')
        await quiet(50)
        return warnings.some(isWarned)
      }, 25_000)
      await until(async () => (await shared.sql('select 1 from mqttspec.change')).length === 0, 15_000)
      expect(warnings.filter(isWarned)).toHaveLength(1)
      const second = await subscribe(await connect('a'), { durable: 'late' })
      expect(second.events.map(({ operation }) => operation)).toEqual(['reset', 'snapshot', 'ready'])
      await restart()
    })

    test('one to which nobody comes back is forgotten, and one that is there is not', async () => {
      await leave((await subscribe(await connect('a'), { durable: 'gone' })).client)
      await restart({ maxDurableAgeMs: 2_000 })
      await subscribe(await connect('a'), { durable: 'there' })
      await until(async () => (await rowOf('gone')) === undefined, 10_000)
      await quiet(1_000)
      expect(await rowOf('there')).toBeDefined()
      await restart()
    })
  })
}
