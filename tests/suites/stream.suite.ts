import { defineSpec, type ListenOptions, type Server, type ServerDatabase } from '@mqttspec/server'
import { integer, jsonb, pgTable, serial, text } from 'drizzle-orm/pg-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { FoldedSet } from './folded-set.ts'

const items = pgTable('items', {
  id: serial().primaryKey(),
  grp: integer().notNull(),
  ver: integer().notNull().default(0),
  note: text(),
  facts: jsonb(),
})

const api = defineSpec({ schema: { items } }).entity('items')

/** A database that others write to as well. */
export interface SharedDatabase {
  readonly database: ListenOptions['database']
  /** Runs SQL past the server. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>
  /** A session of its own, for transactions that overlap; where the database has only one, there is none. */
  readonly session?: () => Promise<{ sql(text: string): Promise<unknown>; end(): Promise<void> }>
  close(): Promise<void>
}

/** Holds the change stream over a database to its promises. */
export function streamSuite(over: string, open: () => Promise<SharedDatabase>): void {
  describe(`the change stream over ${over}`, () => {
    let shared: SharedDatabase
    let server: Server
    let clients: WireClient[] = []
    let asked = 0

    const listen = () =>
      api.listen({
        database: shared.database,
        createTables: true,
        install: true,
        broker: { port: 0, webSocket: false },
      })

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
    })

    async function connect(id: string): Promise<WireClient> {
      const before = clients.find((client) => client.clientId === id)
      if (before) await before[Symbol.asyncDispose]()
      const client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, id)
      clients.push(client)
      return client
    }
    const request = (client: WireClient, message: object) =>
      client.ask({
        id: `${client.clientId}-${++asked}-${'x'.repeat(16)}`,
        type: 'request',
        entity: 'items',
        ...message,
      })
    async function subscribe(client: WireClient, options: object = {}): Promise<FoldedSet & { at: string }> {
      const reply = await client.ask({
        id: `s${++asked}`,
        type: 'subscription',
        operation: 'subscribe',
        entity: 'items',
        options,
      })
      expect(reply.error).toBeUndefined()
      const { notify_topic, at } = reply.data as { notify_topic: string; at: string }
      return Object.assign(new FoldedSet(client, notify_topic), { at })
    }
    const inSql = (where: string) =>
      shared.sql(`select id, grp, ver, note, facts from items where ${where} order by id`)
    const even = { filters: [{ column: 'grp', operator: 'eq', value: 0 }] }

    test('fault D14: what others write is told as what the server writes', async () => {
      const client = await connect('a')
      const set = await subscribe(client, even)
      await shared.sql("insert into items (grp, note) values (0, 'by sql'), (1, 'not mine')")
      await shared.sql("update items set ver = 1 where note = 'by sql'")
      await shared.sql("delete from items where note = 'by sql'")
      await until(() => set.fold().events.length >= 3)
      expect(set.events.map(({ operation, change }) => [operation, change])).toEqual([
        ['create', 'enter'],
        ['update', 'update'],
        ['delete', 'leave'],
      ])
      expect(set.wrong).toEqual([])
    })

    const program = () => server.db as ServerDatabase<{ items: typeof items }>
    const ways: Readonly<Record<string, (grp: number) => Promise<unknown>>> = {
      'the program by server.db': (grp) => program().insert(items).values({ grp }),
      'a transaction of server.db': (grp) =>
        program().transaction(async (transaction) => void (await transaction.insert(items).values({ grp }))),
      'somebody else': (grp) => shared.sql(`insert into items (grp) values (${grp})`),
    }
    test.each(Object.entries(ways))('what %s writes is told at once, and not at the next look', async (_, write) => {
      const set = await subscribe(await connect('a'))
      const startedAt = performance.now()
      for (let n = 1; n <= 8; n++) {
        await write(100 + n)
        await until(() => set.fold().events.length === n)
      }
      // One look a second would take seven seconds or more.
      expect(performance.now() - startedAt).toBeLessThan(5_000)
    })

    test('what was rolled back is never told', async () => {
      const set = await subscribe(await connect('a'))
      await shared.sql("begin; insert into items (grp, note) values (0, 'never'); rollback")
      await shared.sql("insert into items (grp, note) values (0, 'told')")
      await until(() => set.fold().events.length > 0)
      expect(set.events.map(({ data }) => data.note)).toEqual(['told'])
    })

    test('since: a position resumes exactly after its event, also in the middle of a transaction', async () => {
      const client = await connect('a')
      const set = await subscribe(client)
      const stored = await request(client, { operation: 'create', data: [{ grp: 0 }, { grp: 0 }, { grp: 0 }] })
      await until(() => set.fold().events.length >= 3)
      const ids = (stored.data as { id: number }[]).map(({ id }) => id)
      for (const [place, event] of set.events.entries()) {
        expect(Buffer.byteLength(event.at ?? '')).toBeLessThanOrEqual(128)
        const again = await subscribe(await connect(`b${place}`), { since: event.at })
        await until(() => again.fold().ready)
        expect(again.events.flatMap(({ key }) => key ?? [])).toEqual(ids.slice(place + 1))
      }
      const fromStart = await subscribe(await connect('c'), { since: set.at })
      await until(() => fromStart.fold().ready)
      expect(fromStart.events.flatMap(({ key }) => key ?? [])).toEqual(ids)
    })

    test('since outlives the server: what happened while it was down is told, once', async () => {
      const before = await subscribe(await connect('a'))
      const port = server.addresses.mqtt?.port
      await server.close()
      await shared.sql("insert into items (grp, note) values (7, 'while down')")
      server = await listen()
      expect(server.addresses.mqtt?.port).not.toBe(port)
      const after = await subscribe(await connect('a'), { since: before.at })
      await until(() => after.fold().ready)
      expect(after.events.filter(({ data }) => data.note === 'while down')).toHaveLength(1)
      expect(after.resets).toBe(0)
    })

    test('fault D10: a position that can not be read is refused; one of another stream or of the future begins anew', async () => {
      const client = await connect('a')
      for (const since of ['', 'x', '5', '~abc', 'a'.repeat(129)]) {
        const reply = await client.ask({
          id: `g${++asked}`,
          type: 'subscription',
          operation: 'subscribe',
          entity: 'items',
          options: { since },
        })
        expect(reply).toMatchObject({ error: { code: 'cursor_error', details: { path: ['options', 'since'] } } })
      }
      const { at } = await subscribe(client)
      for (const since of [`AAAAAAAA${at.slice(8)}`, at.replace(/^(.{8})\.[0-9a-z]+/, '$1.zzzzzzzz')]) {
        const set = await subscribe(await connect(`d${++asked}`), { since })
        await until(() => set.fold().ready)
        expect(set.resets).toBe(1)
        expect(set.wrong).toEqual([])
        expect(set.sorted).toEqual(await inSql('true'))
      }
    })

    test('fault D11: rows and stream join with no gap and no repeat, while others write', async () => {
      const writer = await connect('w')
      let writing = true
      const writes = (async () => {
        for (let n = 0; writing; n++) {
          await request(writer, { operation: 'create', data: { grp: n % 2 } })
          if (n % 3 === 0)
            await shared.sql('update items set ver = ver + 1, grp = 1 - grp where id = (select max(id) from items)')
        }
      })()
      const sets: FoldedSet[] = []
      for (let n = 0; n < 15; n++) sets.push(await subscribe(await connect(`s${n}`), { ...even, snapshot: true }))
      await until(() => sets.every((set) => set.fold().ready), 10_000)
      writing = false
      await writes
      const expected = await inSql('grp = 0')
      const adds = (set: FoldedSet) => JSON.stringify(set.fold().sorted) === JSON.stringify(expected)
      await until(() => sets.every(adds), 10_000).catch(() => undefined)
      for (const set of sets) {
        expect(set.wrong).toEqual([])
        expect(set.sorted).toEqual(expected)
      }
    })

    test('fault D08: a write that comes again, also after a restart, runs once and is answered as the first time', async () => {
      const writes = [
        { operation: 'create', data: { grp: 3, note: 'once' } },
        {
          operation: 'create',
          data: [
            { grp: 3, note: 'once' },
            { grp: 3, note: 'once' },
          ],
        },
        {
          operation: 'batch',
          data: { operations: [{ operation: 'create', entity: 'items', data: { grp: 3, note: 'once' } }] },
        },
      ].map((write, n) => ({ id: `d08-${n}-${'x'.repeat(16)}`, type: 'request', entity: 'items', ...write }))
      const first = []
      for (const write of writes) first.push(await (await connect('a')).ask(write))
      const [id] = (await inSql("note = 'once'")).map((row) => row.id)
      const change = {
        id: `d08-u-${'x'.repeat(16)}`,
        type: 'request',
        operation: 'update',
        entity: 'items',
        record_id: id,
        data: { ver: 5 },
      }
      const remove = {
        id: `d08-d-${'x'.repeat(16)}`,
        type: 'request',
        operation: 'delete',
        entity: 'items',
        data: [{ id }],
      }
      for (const write of [change, remove]) first.push(await (await connect('a')).ask(write))
      await server.close()
      server = await listen()
      const set = await subscribe(await connect('z'))
      const again = []
      for (const write of [...writes, change, remove]) again.push(await (await connect('a')).ask(write))
      expect(again).toEqual(first)
      expect(first.every(({ success }) => success)).toBe(true)
      expect(await inSql("note = 'once'")).toHaveLength(3)
      await quiet(200)
      expect(set.fold().events).toEqual([])
      const other = { ...writes[0], data: { grp: 4 } }
      expect(await (await connect('a')).ask(other)).toMatchObject({
        error: { code: 'invalid_message', details: { path: ['id'] } },
      })
      expect(await (await connect('b')).ask({ ...writes[0], data: { grp: 4 } })).toMatchObject({ success: true })
    })

    test('fault D08: a message that comes twice, marked as such or over another connection, runs once', async () => {
      const first = await connect('a')
      const write = (n: number) => ({
        id: `d08-twice-${n}-${'x'.repeat(16)}`,
        type: 'request',
        operation: 'create',
        entity: 'items',
        data: { grp: 8, note: `twice ${n}` },
      })
      const publish = (client: WireClient, n: number, dup: boolean) =>
        client.mqtt.publishAsync('spec/a/request', JSON.stringify(write(n)), { qos: 1, dup })
      await Promise.all([1, 2, 1, 2, 1].map((n, index) => publish(first, n, index > 1)))
      await until(() => first.responses.length === 5)
      const second = await connect('a')
      for (const n of [2, 1]) await publish(second, n, true)
      await until(() => second.responses.length === 2)
      const replies = new Set([...first.responses, ...second.responses].map((reply) => JSON.stringify(reply)))
      expect(replies.size).toBe(2)
      expect(await inSql('grp = 8')).toHaveLength(2)
    })

    test('a read tells its place: who subscribes since then misses nothing, and gets nothing twice', async () => {
      const writer = await connect('w')
      let writing = true
      const writes = (async () => {
        while (writing) {
          await request(writer, { operation: 'create', data: { grp: 0 } })
          await shared.sql('update items set ver = ver + 1 where id = (select max(id) from items)')
        }
      })()
      const sets: FoldedSet[] = []
      for (let n = 0; n < 10; n++) {
        const client = await connect(`r${n}`)
        const page = (await request(client, { operation: 'read', options: { limit: 1_000 } })) as {
          data: { id: number }[]
          metadata: { at: string; total: number }
        }
        expect(page.metadata.total).toBe(page.data.length)
        const set = await subscribe(client, { since: page.metadata.at })
        for (const row of page.data) set.rows.set(row.id, row)
        sets.push(set)
      }
      writing = false
      await writes
      const expected = await inSql('true')
      const adds = (set: FoldedSet) => JSON.stringify(set.fold().sorted) === JSON.stringify(expected)
      await until(() => sets.every(adds), 10_000).catch(() => undefined)
      for (const set of sets) {
        expect(set.wrong).toEqual([])
        expect(set.sorted).toEqual(expected)
      }
    })

    test('a write that was refused is tried anew under the same id', async () => {
      const client = await connect('a')
      const update = {
        id: `r-${'x'.repeat(16)}`,
        type: 'request',
        operation: 'update',
        entity: 'items',
        record_id: 424_242,
        data: { ver: 9 },
      }
      expect(await client.ask(update)).toMatchObject({ error: { code: 'not_found' } })
      await shared.sql('insert into items (id, grp) values (424242, 1)')
      expect(await client.ask(update)).toMatchObject({ data: { ver: 9 } })
    })

    test('a truncated table is told as a reset', async () => {
      const set = await subscribe(await connect('a'), { snapshot: true })
      await until(() => set.fold().ready)
      await shared.sql('truncate items')
      await until(() => set.fold().resets === 1)
      expect(set.events.at(-1)?.data).toEqual({ reason: 'truncate' })
    })

    test('numbers in JSON keep their digits, in what is told as in a reply, and filters go by all of them', async () => {
      const filters = [{ column: 'facts.n', operator: 'gt', value: Number.MAX_SAFE_INTEGER }]
      const set = await subscribe(await connect('a'), { filters, previous: true })
      const digits = ['9007199254740991.2', '12345678901234567890.123456789', '9007199254740991']
      for (const n of digits) await shared.sql(`insert into items (grp, facts) values (9, '{"n": ${n}, "s": "${n}"}')`)
      await shared.sql('update items set ver = 1 where grp = 9')
      await until(() => set.fold().events.length >= 4)
      const raw: string[] = []
      set.client.mqtt.on('message', (topic, payload) => void (topic.includes('/notify/') && raw.push(String(payload))))
      const rows = await subscribe(set.client, { filters, snapshot: true })
      await until(() => rows.fold().ready)
      await shared.sql('update items set ver = 2 where grp = 9')
      await until(() => set.fold().events.length >= 6)
      expect(raw.filter((text) => text.includes('"snapshot"')).join()).toContain('"facts":{"n":9007199254740991.2,"s":')
      const updates = raw.filter((text) => text.includes('"operation":"update"') && text.includes('"previous"'))
      expect(updates).toHaveLength(2)
      for (const [index, text] of updates.entries()) expect(text.split(`{"n":${digits[index]},"s":`)).toHaveLength(3)
      expect(set.wrong).toEqual([])
    })

    test('the reply to a write comes before what its writer is told of it', async () => {
      const client = await connect('a')
      const set = await subscribe(client)
      for (let n = 0; n < 100; n++)
        await client.send({
          id: `r${n}`,
          type: 'request',
          operation: 'create',
          entity: 'items',
          data: { grp: 1, note: `r${n}` },
        })
      await until(() => set.fold().events.length === 100)
      const place = (find: (payload: never) => boolean) =>
        client.arrived.findIndex(({ payload }) => find(payload as never))
      for (let n = 0; n < 100; n++) {
        const reply = place(({ type, id }: { type: string; id: string }) => type === 'response' && id === `r${n}`)
        const told = place(
          ({ type, data }: { type: string; data: { note: string } }) =>
            type === 'notification' && data.note === `r${n}`,
        )
        expect(reply).toBeGreaterThan(-1)
        expect(told).toBeGreaterThan(reply)
      }
    })

    test('fault D13: a transaction of 10,000 rows, and 5,000 that leave a filter at once', {
      timeout: 60_000,
    }, async () => {
      const set = await subscribe(await connect('a'), even)
      await shared.sql("insert into items (grp, note) select 0, 'bulk' from generate_series(1, 10000)")
      await until(() => set.fold().events.length === 10_000, 40_000)
      await shared.sql(
        "update items set grp = 1 where id in (select id from items where note = 'bulk' order by id limit 5000)",
      )
      await until(() => set.fold().events.length === 15_000, 40_000)
      expect(set.wrong).toEqual([])
      expect(set.rows.size).toBe(5_000)
    })

    if (over.startsWith('PGlite')) return

    describe('transactions that overlap', () => {
      const session = async () => {
        if (!shared.session) throw new Error('this database has one session only')
        return shared.session()
      }

      test('fault D12: one that commits late is told, and per row everything is in order', async () => {
        const [first, second] = [await session(), await session()]
        const set = await subscribe(await connect('a'))
        await first.sql('begin')
        await first.sql("insert into items (grp, note) values (5, 'late')")
        await second.sql("insert into items (grp, note) values (5, 'early')")
        await until(() => set.fold().events.length >= 1)
        expect(set.events.map(({ data }) => data.note)).toEqual(['early'])
        await first.sql("update items set ver = 1 where note = 'early'")
        await first.sql('commit')
        await until(() => set.fold().events.length >= 3)
        expect(set.events.map(({ data }) => [data.note, data.ver])).toEqual([
          ['early', 0],
          ['late', 0],
          ['early', 1],
        ])
        await Promise.all([first.end(), second.end()])
      })

      test('who comes back to a position is not told again what its rows had already, whatever commits last', async () => {
        const [first, second, turn] = [await session(), await session(), await session()]
        await first.sql('begin')
        await first.sql("insert into items (grp, note) values (6, 'begun first')")
        // Nothing is given a position while somebody else has the turn.
        await turn.sql('begin')
        await turn.sql('select 1 from mqttspec.stream for update')
        await second.sql("insert into items (grp, note) values (6, 'in the rows')")
        const mine = { filters: [{ column: 'grp', operator: 'eq', value: 6 }] }
        const set = await subscribe(await connect('a'), { ...mine, snapshot: true })
        await until(() => set.fold().ready)
        expect(set.sorted.map(({ note }) => note)).toEqual(['in the rows'])
        await first.sql('commit')
        await turn.sql('rollback')
        await until(() => set.fold().events.length === 3)
        expect(set.events.at(-1)?.data.note).toBe('begun first')
        const again = await subscribe(await connect('b'), { ...mine, since: set.events.at(-1)?.at })
        await until(() => again.fold().ready)
        expect(again.events.map(({ operation }) => operation)).toEqual(['ready'])
        await second.sql("insert into items (grp, note) values (6, 'later')")
        await until(() => again.fold().events.length === 2 && set.fold().events.length === 4)
        // What it has seen is said for as long as it matters, and no longer.
        await until(async () => {
          await second.sql("insert into items (grp, note) values (6, 'much later')")
          return set.fold().events.at(-1)?.at?.split('.').length === 3
        })
        await Promise.all([first.end(), second.end(), turn.end()])
      })

      test('under random transactions every set adds up to what SQL says', { timeout: 60_000 }, async () => {
        await shared.sql('insert into items (grp) select n % 4 from generate_series(1, 12) n')
        const hot = (await inSql('true')).slice(-12).map(({ id }) => id as number)
        const sets = [
          await subscribe(await connect('x'), { snapshot: true, ...even }),
          await subscribe(await connect('y'), {
            snapshot: true,
            filters: [{ column: 'ver', operator: 'gte', value: 3 }],
          }),
          await subscribe(await connect('z'), { snapshot: true }),
        ]
        const until_ = Date.now() + 4_000
        const writers = Array.from({ length: 5 }, async (_, n) => {
          const own = await session()
          for (let turn = 0; Date.now() < until_; turn++) {
            const [one, two] = [hot[(turn * 7 + n) % 12], hot[(turn * 5 + n * 3) % 12]].sort((a = 0, b = 0) => a - b)
            await own.sql('begin')
            await own.sql(`update items set ver = ver + 1, grp = (grp + ${n}) % 4 where id = ${one}`)
            if (turn % 3 === 0) await own.sql(`insert into items (grp, note) values (${turn % 4}, 'w${n}')`)
            await own.sql(`update items set ver = ver + 1 where id = ${two}`)
            await own.sql(turn % 5 === 0 ? 'rollback' : 'commit')
          }
          await own.end()
        })
        await Promise.all(writers)
        const wheres = ['grp = 0', 'ver >= 3', 'true']
        for (const [index, set] of sets.entries()) {
          const expected = await inSql(wheres[index] ?? 'false')
          await until(() => JSON.stringify(set.fold().sorted) === JSON.stringify(expected), 10_000).catch(
            () => undefined,
          )
          expect(set.wrong).toEqual([])
          expect(set.sorted).toEqual(expected)
        }
        // Each version of a row was told once, in its order.
        const versions = new Map<unknown, number>()
        for (const { key, data, operation } of sets[2]?.events ?? []) {
          if (operation === 'update') expect(Number(data.ver)).toBe((versions.get(key) ?? Number(data.ver) - 1) + 1)
          if (key !== undefined) versions.set(key, Number(data.ver))
        }
      })
    })
  })
}
