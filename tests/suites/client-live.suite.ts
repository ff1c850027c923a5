import { connect, type Live, type ShapeOf, type SpecClient } from '@mqttspec/client'
import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { relations, sql } from 'drizzle-orm'
import { boolean, doublePrecision, integer, numeric, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { until } from '../until.ts'

const boards = pgTable('boards', { id: serial().primaryKey(), title: text().notNull() })
const cards = pgTable('cards', {
  id: serial().primaryKey(),
  boardId: integer('board_id').references(() => boards.id),
  title: text().notNull().default(''),
  rank: integer(),
  price: numeric(),
  score: doublePrecision(),
  due: timestamp({ withTimezone: true }),
  done: boolean().notNull().default(false),
})
const boardsRelations = relations(boards, ({ many }) => ({ cards: many(cards) }))
const cardsRelations = relations(cards, ({ one }) => ({
  board: one(boards, { fields: [cards.boardId], references: [boards.id] }),
}))

const kanban = defineSpec({ schema: { boards, cards, boardsRelations, cardsRelations } })
  .entity('boards')
  .entity('cards', {
    computed: { double: (t) => sql<number | null>`${t.rank} * 2` },
    operators: { over: (t, value) => sql`${t.rank} > ${Number(value)}` },
  })

type Spec = SpecClient<ShapeOf<typeof kanban>>
type Values<Of> = Of extends fc.Arbitrary<infer Value> ? Value : never
interface Opened extends Pick<ListenOptions, 'database' | 'createTables' | 'install'> {
  /** Runs statements in a transaction of somebody else. */
  readonly transaction?: (statements: readonly string[]) => Promise<void>
  readonly close?: () => Promise<void>
}

type Open = () => Promise<Opened>

/** An entity and what is asked of it. */
type Wanted = readonly ['boards' | 'cards', object]

interface Seen {
  readonly id: number
  readonly rank?: number
  readonly cards?: readonly Seen[]
}

/** Lists of every kind: kept by changes and by reading again; with ties and NULLs, limits, filters, related rows. */
const LISTS: Readonly<Record<string, Wanted>> = {
  'everything, by key': ['cards', {}],
  'a window by rank, ties and NULLs first': ['cards', { sort: ['-rank'], limit: 4 }],
  'NULLs last': ['cards', { sort: [{ column: 'rank', direction: 'desc', nulls: 'last' }], limit: 5 }],
  'numeric, then float': ['cards', { sort: ['price', '-score'], limit: 6, columns: ['title'] }],
  'times and booleans': ['cards', { sort: ['done', '-due'], limit: 5, omitColumns: ['score'] }],
  'a filter': ['cards', { where: { done: false, rank: { gte: 2 } }, sort: 'rank', limit: 3 }],
  'no rows': ['cards', { limit: 0 }],
  'by text': ['cards', { sort: ['title'], limit: 4 }],
  'by text, last': ['cards', { sort: ['-rank', 'title'], limit: 4 }],
  'an offset': ['cards', { sort: 'rank', offset: 2, limit: 3 }],
  'a filter on text that only Postgres can decide': ['cards', { where: { title: { gt: 'm' } } }],
  'a column and an operator of the server’s own': [
    'cards',
    { computed: ['double'], operators: { over: 1 }, sort: '-double', limit: 4 },
  ],
  'related rows': ['boards', { with: { cards: { columns: ['title'], sort: '-rank', limit: 2 } } }],
  'the row that it belongs to': ['cards', { columns: ['id'], with: { board: true }, sort: '-id', limit: 3 }],
  'related rows of related rows': [
    'boards',
    { columns: ['title'], with: { cards: { columns: ['id'], with: { board: { columns: ['title'] } } } } },
  ],
}

const some = fc.option(fc.integer({ min: 0, max: 4 }))
const card = fc.record({
  boardId: fc.option(fc.integer({ min: 0, max: 2 })),
  title: fc.constantFrom('a', 'B', 'ä', 'z', 'n', ''),
  rank: some,
  price: fc.option(fc.constantFrom('1.5', '1.50', '10', '-3', '0.05')),
  score: fc.option(fc.constantFrom(1.5, -2, Number.NaN, Number.POSITIVE_INFINITY)),
  due: fc.option(fc.constantFrom('2026-01-31T12:00:00.1Z', '2026-01-31T12:00:00Z', '1999-01-01T00:00:00Z')),
  done: fc.boolean(),
})
const write = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constant('create' as const), cards: fc.array(card, { maxLength: 4 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ is: fc.constant('update' as const), nth: fc.nat(20), card, columns: fc.nat(127) }),
  },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('delete' as const), nth: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('rename' as const), nth: fc.nat(2), title: fc.string() }) },
)

/** Holds a live list to saying, at each quiet point, what a read says. */
export function clientLiveSuite(over: string, open: Open = async () => ({})): void {
  describe(`live lists over ${over}`, () => {
    let server: Server
    let spec: Spec
    let opened: Opened
    let boardIds: number[] = []

    beforeAll(async () => {
      opened = await open()
      const { database, createTables = true, install } = opened
      const listen = {
        broker: { port: 0, webSocket: false },
        createTables,
        ...(install !== undefined && { install }),
      } as const
      server = await kanban.listen({ ...listen, ...(database !== undefined && { database }) })
      spec = await connect<typeof kanban>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
      const made = await spec.create('boards', [{ title: 'one' }, { title: 'two' }, { title: 'three' }])
      boardIds = made.map(({ id }) => id)
    }, 60_000)
    afterAll(async () => {
      await spec.close()
      await server.close()
      await opened.close?.()
    })
    beforeEach(async () => {
      for (let page = await ids(); page.length > 0; page = await ids()) await spec.delete('cards', page)
    })

    const ids = async () => (await spec.read('cards', { columns: ['id'], limit: 1_000 })).data.map(({ id }) => id)

    async function run(step: Values<typeof write>): Promise<void> {
      const all = await ids()
      const row = ({ boardId, ...rest }: Values<typeof card>) => ({
        ...rest,
        boardId: boardId === null ? null : (boardIds[boardId] ?? null),
      })
      if (step.is === 'create')
        await spec.create(
          'cards',
          step.cards.map((of) => row(of)),
        )
      else if (step.is === 'rename')
        await spec.update('boards', boardIds[step.nth] ?? 0, { title: step.title.replaceAll('\0', '') })
      else if (all.length === 0) return
      else if (step.is === 'delete') await spec.delete('cards', all[step.nth % all.length] ?? 0)
      else {
        const changed = Object.entries(row(step.card)).filter((_, index) => step.columns & (1 << index))
        if (changed.length > 0)
          await spec.update('cards', all[step.nth % all.length] ?? 0, Object.fromEntries(changed) as never)
      }
    }

    /** The list comes to say what a read says, and goes on saying it. */
    async function settles(live: Live<object>, [entity, options]: Wanted, name: string): Promise<void> {
      const { data } = await spec.read(entity, options as never)
      await until(() => JSON.stringify(live.rows) === JSON.stringify(data)).catch(() => {})
      expect(live.rows, name).toEqual(data)
    }

    test('say what a read says whenever it is quiet, whatever is written', { timeout: 120_000 }, async () => {
      const lists = Object.entries(LISTS).map(([name, wanted]) => {
        return { name, wanted, live: spec.live(wanted[0], wanted[1] as never) as Live<object> }
      })
      await Promise.all(lists.map(({ live }) => live.ready))
      await fc.assert(
        fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 8 }), async (steps) => {
          for (const step of steps) await run(step)
          for (const { name, wanted, live } of lists) await settles(live, wanted, name)
        }),
        { numRuns: over.startsWith('PGlite') ? 80 : 20 },
      )
      await Promise.all(lists.map(({ live }) => live.close()))
    })

    test('never go back in time, and end up right, while many write at once', { timeout: 60_000 }, async () => {
      const rows = await spec.create(
        'cards',
        Array.from({ length: 12 }, (_, n) => ({ rank: 0, title: `card ${n}`, boardId: boardIds[n % 3] ?? null })),
      )
      const wanted: readonly Wanted[] = [
        ['cards', { sort: '-rank', limit: 5, columns: ['id', 'rank'] }],
        ['cards', { sort: ['title'], limit: 5, columns: ['id', 'rank'] }],
        ['cards', { where: { rank: { gt: 3 } }, columns: ['id', 'rank'] }],
        ['boards', { with: { cards: { columns: ['id', 'rank'] } } }],
      ]
      const lists = wanted.map(([entity, options]) => spec.live(entity, options as never) as Live<object>)
      const back: string[] = []
      const reading = lists.map(async (live, index) => {
        const ranks = new Map<unknown, number>()
        const see = ({ id, rank, cards = [] }: Seen) => {
          for (const card of cards) see(card)
          if (rank === undefined) return
          if (rank < (ranks.get(id) ?? 0)) back.push(`list ${index}: card ${id} from ${ranks.get(id)} to ${rank}`)
          ranks.set(id, rank)
        }
        for await (const list of live) for (const row of list) see(row as Seen)
      })
      await Promise.all(lists.map((live) => live.ready))
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let rank = 1; rank <= 40; rank++) {
          const { id = 0 } = rows[writer * 3 + (rank % 3)] ?? {}
          await spec.update('cards', id, { rank })
          if (rank % 8 === 0) await spec.delete('cards', (await spec.create('cards', { rank: 1_000 })).id)
        }
      })
      await Promise.all(writers)
      for (const [index, live] of lists.entries()) await settles(live, wanted[index] ?? ['cards', {}], `list ${index}`)
      await Promise.all(lists.map((live) => live.close()))
      await Promise.all(reading)
      expect(back).toEqual([])
    })

    test('that lose more rows than they keep beyond their limit are filled again', async () => {
      await spec.create(
        'cards',
        Array.from({ length: 200 }, (_, rank) => ({ rank })),
      )
      const wanted: Wanted = ['cards', { sort: 'rank', limit: 5 }]
      await using live = spec.live('cards', { sort: 'rank', limit: 5 })
      await live.ready
      const all = await ids()
      await spec.delete('cards', all.slice(0, 100))
      await settles(live, wanted, 'after 100')
      await spec.delete('cards', all.slice(100, 198))
      await settles(live, wanted, 'after 198')
      await spec.create('cards', { rank: -1 })
      await settles(live, wanted, 'after one more')
    })

    test('yield the list each time, with the rows that have not changed as they were', async () => {
      const [first, second] = await spec.create('cards', [{ rank: 1 }, { rank: 2 }])
      await using live = spec.live('cards', { sort: 'rank', columns: ['rank'] })
      const lists: (readonly { rank: number | null }[])[] = []
      for await (const rows of live) {
        lists.push(rows)
        if (lists.length === 1) await spec.update('cards', second?.id ?? 0, { rank: 0 })
        if (lists.length === 2) await spec.update('cards', first?.id ?? 0, { title: 'is not shown' })
        if (lists.length === 2) await spec.create('cards', { rank: 3 })
        if (lists.length === 3) break
      }
      expect(lists).toEqual([
        [{ rank: 1 }, { rank: 2 }],
        [{ rank: 0 }, { rank: 1 }],
        [{ rank: 0 }, { rank: 1 }, { rank: 3 }],
      ])
      expect(lists[1]?.[1]).toBe(lists[0]?.[0])
      expect(lists[2]?.[0]).toBe(lists[1]?.[0])
      expect(await live.next()).toEqual({ done: true, value: undefined })
    })

    test('give a slow reader the newest list', async () => {
      await using live = spec.live('cards', { columns: ['rank'] })
      expect((await live.next()).value).toEqual([])
      for (let rank = 0; rank < 20; rank++) await spec.create('cards', { rank })
      await until(() => live.rows?.length === 20)
      expect((await live.next()).value).toHaveLength(20)
    })

    test('go on after a lost connection, whatever was missed', async () => {
      await using proxy = await startCuttingProxy(server.addresses.mqtt?.port ?? 0)
      await using cut = await connect<typeof kanban>(`mqtt://127.0.0.1:${proxy.port}`)
      await using changes = cut.live('cards', { sort: '-rank', limit: 3 })
      await using reads = cut.live('boards', { with: { cards: { sort: '-rank', limit: 1 } } })
      await Promise.all([changes.ready, reads.ready])
      for (let round = 0; round < 3; round++) {
        proxy.cut('reset')
        await spec.create('cards', { rank: round, boardId: boardIds[0] ?? null })
        await settles(changes, ['cards', { sort: '-rank', limit: 3 }], `changes ${round}`)
        await settles(reads, ['boards', { with: { cards: { sort: '-rank', limit: 1 } } }], `reads ${round}`)
      }
    })

    test('that ask for the same share one subscription, which ends with the last reader', async () => {
      const subscriptions = async () => (await server.health()).subscriptions
      // Those of the tests before have ended, or are about to.
      await until(async () => (await subscriptions()) === 0)
      const one = spec.live('cards', { where: { done: false, rank: 1 }, limit: 5 })
      const two = spec.live('cards', { limit: 5, where: { rank: 1, done: false } })
      const stop = new AbortController()
      const three = spec.live('cards', { limit: 5, where: { rank: 1, done: false }, signal: stop.signal })
      await Promise.all([one.ready, two.ready, three.ready])
      await until(async () => (await subscriptions()) === 1)
      stop.abort(new Error('enough'))
      await expect(three.next()).rejects.toThrow('enough')
      for await (const _ of one) break
      await spec.create('cards', { rank: 1 })
      await until(() => two.rows?.length === 1)
      expect(await subscriptions()).toBe(1)
      await two.close()
      expect(await subscriptions()).toBe(0)
    })

    test('that the server refuses say so', async () => {
      const live = spec.live('cards', { sort: 'nothing' as never })
      await expect(live.ready).rejects.toMatchObject({ code: 'invalid_options' })
      await expect(live.next()).rejects.toMatchObject({ code: 'invalid_options' })
      expect(await live.next()).toEqual({ done: true, value: undefined })
    })

    // PGlite has one session, and so no two transactions at once.
    if (over.startsWith('PGlite')) return

    test('end up right after transactions of others that overlap', { timeout: 60_000 }, async () => {
      const { transaction } = opened
      if (!transaction) throw new Error('this database takes no transactions of others')
      const rows = await spec.create(
        'cards',
        Array.from({ length: 9 }, (_, rank) => ({ rank, boardId: boardIds[rank % 3] ?? null })),
      )
      const wanted = Object.values(LISTS)
      const lists = wanted.map(([entity, options]) => spec.live(entity, options as never) as Live<object>)
      await Promise.all(lists.map((live) => live.ready))
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let turn = 0; turn < 15; turn++) {
          const [one = 0, two = 0] = [turn * 2 + writer, turn * 5 + 3]
            .map((n) => rows[n % 9]?.id ?? 0)
            .sort((a, b) => a - b)
          await transaction([
            `update cards set rank = (rank + ${writer}) % 7, title = title || '${turn % 3}' where id = ${one}`,
            `insert into cards (rank, done, board_id) values (${turn % 5}, ${turn % 2 === 0}, ${boardIds[writer % 3]})`,
            `select pg_sleep(${(turn % 3) / 100})`,
            `update cards set done = not done, board_id = ${boardIds[turn % 3]} where id = ${two}`,
            `delete from cards where id = (select max(id) from cards where id > ${(rows.at(-1)?.id ?? 0) + 10})`,
            `update boards set title = 'by ${writer} in ${turn}' where id = ${boardIds[turn % 3]}`,
          ])
        }
      })
      await Promise.all(writers)
      for (const [index, live] of lists.entries()) {
        await settles(live, wanted[index] ?? ['cards', {}], Object.keys(LISTS)[index] ?? '')
      }
      await Promise.all(lists.map((live) => live.close()))
    })
  })
}
