import { connect, type ShapeOf, type SpecClient } from '@mqttspec/client'
import { defineSpec, type Server } from '@mqttspec/server'
import { relations, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgTable,
  real,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpenDatabase } from './with-server.ts'

const sensors = pgTable('sensors', { id: serial().primaryKey(), name: text().notNull().unique(), note: text() })

const samples = pgTable('samples', {
  id: serial().primaryKey(),
  sensorId: integer('sensor_id')
    .notNull()
    .references(() => sensors.id),
  at: timestamp({ withTimezone: true }),
  day: date({ mode: 'date' }),
  whole: integer(),
  big: bigint({ mode: 'bigint' }),
  price: numeric(),
  ratio: real(),
  exact: doublePrecision(),
  kind: text({ enum: ['wet', 'dry'] })
    .notNull()
    .default('dry'),
  done: boolean().notNull().default(false),
  payload: jsonb().$type<{ list: number[] }>(),
})

const sensorsRelations = relations(sensors, ({ many }) => ({ samples: many(samples) }))
const samplesRelations = relations(samples, ({ one }) => ({
  sensor: one(sensors, { fields: [samples.sensorId], references: [sensors.id] }),
}))

// Under other names than the tables', so that what leads to them by the schema is found all the same.
const gauges = defineSpec({ schema: { sensors, samples, sensorsRelations, samplesRelations } })
  .entity('samples', {
    name: 'readings',
    computed: { twice: (t) => sql<number | null>`${t.whole} * 2` },
    operators: { over: (t, value) => sql`${t.whole} > ${Number(value)}` },
  })
  .entity('sensors', { name: 'gauges' })

/** Holds every call of the SDK to its types: what it gives is what it says. */
export function clientCallsSuite(over: string, open: OpenDatabase = async () => ({})): void {
  describe(`the calls of the client over ${over}`, () => {
    let server: Server
    let spec: SpecClient<ShapeOf<typeof gauges>>
    let roof = 0

    beforeAll(async () => {
      const database = await open()
      server = await gauges.listen({ broker: { port: 0, webSocket: false }, createTables: true, ...database })
      spec = await connect<typeof gauges>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
      roof = (await spec.create('gauges', { name: 'roof' })).id
      await spec.create(
        'readings',
        [1, 2, 3, 4, 5].map((whole) => ({ sensorId: roof, whole, kind: whole > 3 ? 'wet' : 'dry' }) as const),
      )
    }, 60_000)
    afterAll(async () => {
      await spec.close()
      await server.close()
    })

    const wholes = (page: { readonly data: readonly { readonly whole: number | null }[] }) =>
      page.data.map(({ whole }) => whole)
    const ofRoof = { sensorId: { eq: 1 }, whole: { between_inclusive: [1, 5] as const } }

    test('values of every type come back as they are typed', async () => {
      const at = new Date('2026-01-31T12:00:00.123Z')
      const stored = await spec.create('readings', {
        sensorId: roof,
        at,
        day: new Date('2026-01-31T23:30:00Z'),
        whole: 7,
        big: 2n ** 60n,
        price: '12.340',
        ratio: 0.5,
        exact: 0.1,
        payload: { list: [1] },
      })
      expect(stored).toMatchObject({
        at: '2026-01-31T12:00:00.123+00:00',
        day: '2026-01-31',
        big: '1152921504606846976',
        price: '12.340',
        ratio: 0.5,
        exact: 0.1,
        kind: 'dry',
        done: false,
        payload: { list: [1] },
      })
      expect(await spec.read('readings', { where: { at, day: new Date('2026-01-31') } })).toMatchObject({ count: 1 })
      await spec.delete('readings', stored.id)
    })

    test('numbers that JSON has no word for are stored, and not as null', async () => {
      const odd = { sensorId: roof, exact: Number.NaN, ratio: Number.NEGATIVE_INFINITY }
      const { id } = await spec.create('readings', odd)
      expect(await spec.count('readings', { id, exact: Number.NaN, ratio: { lt: -1 } })).toBe(1)
      await spec.delete('readings', id)
      const none = new Date('never')
      await expect(spec.create('readings', { sensorId: roof, at: none })).rejects.toMatchObject({
        code: 'invalid_data',
      })
    })

    test('pages lead forward and back, and say how many rows there are', async () => {
      const call = { where: ofRoof, sort: '-whole', limit: 2 } as const
      const first = await spec.read('readings', { ...call, total: 'capped' })
      expect(first).toMatchObject({ total: 5, count: 2, limit: 2 })
      expect(first.previous).toBeUndefined()
      const second = await spec.read('readings', { ...call, after: first.next ?? '' })
      expect([wholes(first), wholes(second)]).toEqual([
        [5, 4],
        [3, 2],
      ])
      const back = await spec.read('readings', { ...call, before: second.previous ?? '' })
      expect(wholes(back)).toEqual([5, 4])
      const byKey = await spec.read('readings', { ...call, after: second.data[1]?.id ?? 0 })
      expect([wholes(byKey), byKey.next, byKey.total]).toEqual([[1], undefined, undefined])
      await expect(spec.read('readings', { after: '~nonsense' })).rejects.toMatchObject({ code: 'cursor_error' })
    })

    test('related rows come in both forms, and a list that was cut is named', async () => {
      const page = await spec.read('gauges', {
        where: { name: 'roof' },
        columns: ['name'],
        with: {
          samples: {
            columns: ['whole', 'twice'],
            where: { twice: { gte: 4 } },
            sort: '-twice',
            limit: 2,
            with: { sensor: { columns: ['id'] } },
          },
        },
      })
      expect(page.truncated).toEqual(['samples'])
      expect(page.data).toEqual([
        {
          name: 'roof',
          samples: [
            { whole: 5, twice: 10, sensor: { id: roof } },
            { whole: 4, twice: 8, sensor: { id: roof } },
          ],
        },
      ])
      const one = await spec.get('gauges', roof, {
        columns: ['id'],
        preload: [{ relation: 'samples', columns: ['whole'], sort: [{ column: 'whole' }], limit: 1 }],
      })
      expect(one).toEqual({ id: roof, samples: [{ whole: 1 }] })
    })

    test('columns and operators of the server’s own come when they are named', async () => {
      const page = await spec.read('readings', {
        omitColumns: ['at', 'day', 'big', 'price', 'ratio', 'exact', 'payload', 'done'],
        computed: ['twice'],
        where: { twice: { lt: 10 } },
        operators: [{ name: 'over', value: 3 }],
      })
      expect(page.data).toEqual([{ id: page.data[0]?.id, sensorId: roof, whole: 4, kind: 'wet', twice: 8 }])
      expect(await spec.count('readings', { sensorId: roof }, { operators: { over: 3 } })).toBe(2)
    })

    test('a row has a place only in a list that it is in', async () => {
      const [third] = (await spec.read('readings', { where: { whole: 3 } })).data
      const id = third?.id ?? 0
      expect(await spec.rowNumber('readings', id, { where: ofRoof, sort: '-whole', columns: ['whole'] })).toEqual({
        row: { whole: 3 },
        rowNumber: 3,
        total: 5,
      })
      expect(await spec.rowNumber('readings', id, { where: { kind: 'wet' } })).toBeNull()
    })

    test('a stream ends by break and by its signal, and goes on from a page', async () => {
      const call = { where: ofRoof, sort: 'whole', pageSize: 2 } as const
      const seen: (number | null)[] = []
      for await (const { whole } of spec.stream('readings', call)) {
        seen.push(whole)
        if (whole === 3) break
      }
      expect(seen).toEqual([1, 2, 3])
      const stopping = new AbortController()
      const reading = async () => {
        for await (const { whole } of spec.stream('readings', { ...call, signal: stopping.signal })) {
          if (whole === 4) stopping.abort(new Error('enough'))
        }
      }
      await expect(reading()).rejects.toThrow('enough')
      const page = await spec.read('readings', { where: ofRoof, sort: 'whole', limit: 3 })
      const rest: (number | null)[] = []
      for await (const { whole } of spec.stream('readings', { ...call, after: page.next ?? '' })) rest.push(whole)
      expect(rest).toEqual([4, 5])
    })

    test('figures are of the types that they are said to have', async () => {
      const sensor = await spec.create('gauges', {
        name: 'figures',
        samples: [
          { whole: 1, big: 2n ** 60n, price: '1.10', ratio: 0.25, exact: 0.5, at: new Date(0) },
          { whole: 2, big: 2n ** 60n, price: '2.20', ratio: 0.25, exact: 0.5 },
        ],
      })
      const fields = {
        n: { fn: 'count' },
        timed: { fn: 'count', column: 'at' },
        whole: { fn: 'sum', column: 'whole' },
        big: { fn: 'sum', column: 'big' },
        price: { fn: 'sum', column: 'price' },
        ratio: { fn: 'avg', column: 'ratio' },
        exact: { fn: 'sum', column: 'exact' },
        last: { fn: 'max', column: 'at' },
        least: { fn: 'min', column: 'big' },
        kind: { fn: 'min', column: 'kind' },
        twice: { fn: 'max', column: 'twice' },
      } as const
      expect(await spec.aggregate('readings', { fields, where: { sensorId: sensor.id } })).toEqual({
        n: 2,
        timed: 1,
        whole: '3',
        big: '2305843009213693952',
        price: '3.30',
        ratio: 0.25,
        exact: 1,
        last: '1970-01-01T00:00:00+00:00',
        least: '1152921504606846976',
        kind: 'dry',
        twice: 4,
      })
      const { n, whole, exact } = await spec.aggregate('readings', { fields, where: { sensorId: -1 } })
      expect({ n, whole, exact }).toEqual({ n: 0, whole: null, exact: null })
      expect(
        await spec.aggregate('readings', {
          fields: { n: { fn: 'count' }, top: { fn: 'max', column: 'whole' } },
          groupBy: ['kind'],
          where: { sensorId: roof },
          sort: ['-n', 'kind'],
        }),
      ).toEqual([
        { kind: 'dry', n: 3, top: 3 },
        { kind: 'wet', n: 2, top: 5 },
      ])
      await spec.delete(
        'readings',
        (await spec.read('readings', { where: { sensorId: sensor.id } })).data.map(({ id }) => id),
      )
    })

    test('a row is written with the row that it belongs to, which may be updated through it', async () => {
      const made = await spec.create('readings', { whole: 100, sensor: { name: 'cellar' } })
      expect(made).toMatchObject({ whole: 100, sensorId: made.sensor.id, sensor: { name: 'cellar', note: null } })
      const changed = await spec.update('readings', made.id, { sensor: { _request: 'update', note: 'damp' } })
      expect(changed.sensor).toMatchObject({ id: made.sensor.id, note: 'damp' })
      const [many] = await spec.update('gauges', [
        { id: made.sensor.id, samples: [{ _request: 'delete', id: made.id }, { whole: 101 }] },
      ])
      expect(many?.samples).toMatchObject([{ whole: 101, sensorId: made.sensor.id }])
    })

    test('a batch writes one and many, by keys and conditions that refer to what it wrote before', async () => {
      const made = await spec.batch((b) => {
        const gauge = b.create('gauges', { name: 'batch', samples: [{ whole: 1_000 }] })
        const readings = b.create('readings', [
          { sensorId: gauge.ref('id') },
          { sensorId: gauge.ref('id'), whole: 1_001 },
        ])
        const renamed = b.update(
          'gauges',
          gauge.ref('id'),
          { note: gauge.ref('name') },
          { if: { name: gauge.ref('name') } },
        )
        const extra = b.create('gauges', { name: 'extra' })
        return { gauge, readings, renamed, gone: b.delete('gauges', extra.ref('id')), form: ['kept', 1] }
      })
      expect(made).toMatchObject({
        gauge: { name: 'batch', samples: [{ whole: 1_000 }] },
        readings: [{ sensorId: made.gauge.id, whole: null }, { whole: 1_001 }],
        renamed: { id: made.gauge.id, note: 'batch' },
        gone: undefined,
        form: ['kept', 1],
      })
      expect(await spec.count('gauges', { name: 'extra' })).toBe(0)
      const failing = spec.batch((b) => {
        b.delete(
          'readings',
          made.readings.map(({ id }) => id),
        )
        b.update('gauges', made.gauge.id, { name: 'x' }, { if: { note: null } })
      })
      await expect(failing).rejects.toMatchObject({ code: 'precondition_failed', details: { index: 2 } })
      expect(await spec.count('readings', { sensorId: made.gauge.id })).toBe(3)
    })

    test('a unique value that is taken is refused, left or changed, as was asked', async () => {
      await expect(spec.create('gauges', { name: 'roof' })).rejects.toMatchObject({ code: 'conflict' })
      const kept = await spec.create(
        'gauges',
        { name: 'roof', note: 'x' },
        { onConflict: { columns: ['name'], do: 'nothing' } },
      )
      expect(kept).toEqual({ id: roof, name: 'roof', note: null })
      const changed = await spec.create('gauges', [{ name: 'roof', note: 'y' }], {
        onConflict: { columns: ['name'], do: 'update' },
      })
      expect(changed).toEqual([{ id: roof, name: 'roof', note: 'y' }])
      await spec.update('gauges', roof, { note: null }, { if: { note: 'y' } })
      await expect(spec.delete('gauges', roof, { if: { note: 'y' } })).rejects.toMatchObject({
        code: 'precondition_failed',
      })
    })
  })
}
