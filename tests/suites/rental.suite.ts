import type { Filter, Preload, Sort } from '@mqttspec/protocol'
import type { ServerDatabase } from '@mqttspec/server'
import { sql as drizzleSql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Asked, byHand, type RunSql, TABLES, tableOf } from './rental/by-hand.ts'
import { shop } from './rental/schema.ts'
import { type OpenDatabase, withServer } from './with-server.ts'

const RUNS = 150

const FILL = `
  insert into "rental shop"."Employee" ("LastName", "Title", "ReportsTo", "HireDate")
    select 'Last ' || i % 3, case when i % 4 > 0 then 'Clerk' end, nullif(i / 3, 0), timestamp '2020-02-29' + i * interval '1 day'
    from generate_series(1, 9) i;
  insert into "rental shop".language (name) values ('English'), ('Français'), ('日本語');
  insert into "rental shop".film (title, release_year, language_id, original_language_id, rental_rate, rating, special_features, details, last_update)
    select case when i % 5 = 0 then 'O''Brien "quoted" \\ ' || i else 'Film ' || i % 7 end, nullif(2000 + i % 4, 2003), 1 + i % 3,
      nullif(i % 4, 0), i * 1.37 - 3, (enum_range(null::"rental shop".mpaa_rating))[1 + i % 5],
      case when i % 6 > 0 then (array['Trailers', 'Deleted, "Scenes"', 'null', ''])[1 : i % 5] end,
      case when i % 3 = 0 then null else jsonb_build_object('stars', i % 5, 'tags', array['a', null]) end,
      timestamptz '2026-01-01 00:00:00.123456+02' + i * interval '7 hours'
    from generate_series(1, 24) i
    where (i % 4) between 0 and 3;
  insert into "rental shop".actor (first_name, last_name) select 'First ' || i % 4, 'Last ' || i from generate_series(1, 8) i;
  insert into "rental shop".film_actor (actor_id, film_id, billing)
    select a, f, case when (a + f) % 3 > 0 then (a * f) % 4 end from generate_series(1, 8) a, generate_series(1, 20) f where (a * f) % 5 < 2;
  insert into "rental shop".customer (email, active, create_date)
    select case when i % 4 > 0 then 'c' || i % 3 || '@example.org' end, i % 2 = 0, date '2026-03-01' + i % 5 from generate_series(1, 10) i;
  insert into "rental shop".address (customer_id, city) select i, case when i % 3 > 0 then 'City ' || i % 2 end from generate_series(1, 7) i;
  insert into "rental shop".rental (rental_id, customer_id, film_id, staff_id, return_date)
    select 9007199254740990 + i, 1 + i % 10, 1 + i % 24, nullif(i % 9, 0), case when i % 4 > 0 then timestamptz '2026-05-01' + i % 6 * interval '1 hour' end
    from generate_series(1, 60) i`

/** Values that some rows have, by column, as the wire has them. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  lastName: fc.constantFrom('Last 0', 'Last 2', 'nobody'),
  title: fc.constantFrom('Clerk', 'Film 3', 'O\'Brien "quoted" \\ 5', ''),
  reportsTo: fc.integer({ min: 1, max: 4 }),
  hireDate: fc.constantFrom('2020-03-03T00:00:00', '2020-03-06'),
  name: fc.constantFrom('English', 'Français'),
  releaseYear: fc.integer({ min: 1999, max: 2003 }),
  languageId: fc.integer({ min: 1, max: 3 }),
  originalLanguageId: fc.integer({ min: 1, max: 3 }),
  rentalRate: fc.constantFrom('4.48', '5.22', '-1.63', 8, '1e1'),
  rating: fc.constantFrom('G', 'PG-13', 'NC-17'),
  lastUpdate: fc.constantFrom('2026-01-02T18:00:00.123456Z', '2026-01-03T12:00:00+02:00'),
  firstName: fc.constantFrom('First 0', 'First 3'),
  actorId: fc.integer({ min: 1, max: 8 }),
  filmId: fc.integer({ min: 1, max: 24 }),
  billing: fc.integer({ min: 0, max: 3 }),
  email: fc.constantFrom('c1@example.org', 'c2@example.org'),
  active: fc.boolean(),
  createDate: fc.constantFrom('2026-03-02', '2026-03-04'),
  city: fc.constantFrom('City 0', 'City 1'),
  customerId: fc.integer({ min: 1, max: 10 }),
  rentalId: fc.constantFrom('9007199254740993', '9007199254741001', '9007199254741020'),
  staffId: fc.integer({ min: 1, max: 8 }),
  returnDate: fc.constantFrom('2026-05-01T02:00:00Z', '2026-05-01T03:30:00Z'),
}

function leaf(entity: string): fc.Arbitrary<Filter> {
  const able = Object.keys(tableOf(entity).columns).filter((column) => VALUES[column])
  const compared = fc.constantFrom(...able).chain((column) => {
    const value = VALUES[column] ?? fc.constant(1)
    const of = (operator: string, values: fc.Arbitrary<unknown>) =>
      fc.record({ column: fc.constant(column), operator: fc.constant(operator), value: values })
    const isOrdered = column !== 'active'
    return fc.oneof(
      of('eq', value),
      of('neq', value),
      of('in', fc.array(value, { minLength: 1, maxLength: 3 })),
      of('not_in', fc.array(value, { minLength: 1, maxLength: 3 })),
      ...(isOrdered ? ['gt', 'gte', 'lt', 'lte'].map((operator) => of(operator, value)) : []),
      ...(isOrdered ? [of('between_inclusive', fc.tuple(value, value))] : []),
    )
  })
  const isNull = fc.record({
    column: fc.constantFrom(...Object.keys(tableOf(entity).columns)),
    operator: fc.constantFrom('is_null', 'is_not_null'),
  })
  const feature = fc.record({
    column: fc.constant('specialFeatures'),
    operator: fc.constant('contains'),
    value: fc.constantFrom('Trailers', 'null', '', 'Deleted, "Scenes"'),
  })
  return fc.oneof(compared, compared, isNull, ...(entity === 'films' ? [feature] : [])) as fc.Arbitrary<Filter>
}

function filter(entity: string): fc.Arbitrary<Filter> {
  const one = leaf(entity)
  const group = fc.array(one, { minLength: 1, maxLength: 3 })
  return fc.oneof(
    one,
    group.map((or) => ({ or })),
    group.map((and) => ({ not: { and } })),
    one.map((not) => ({ not })),
  )
}

const UNSORTED = new Set(['details', 'specialFeatures'])

function sortOf(entity: string): fc.Arbitrary<Sort[]> {
  const columns = Object.keys(tableOf(entity).columns).filter((column) => !UNSORTED.has(column))
  const term = fc.record(
    {
      column: fc.constantFrom(...columns),
      direction: fc.constantFrom('asc', 'desc'),
      nulls: fc.constantFrom('first', 'last'),
    },
    { requiredKeys: ['column'] },
  )
  return fc.uniqueArray(term, { maxLength: 3, selector: ({ column }) => column }) as fc.Arbitrary<Sort[]>
}

function asked(entity: string, depth: number): fc.Arbitrary<Asked> {
  const { columns, relations } = tableOf(entity)
  const preloads =
    depth === 0
      ? fc.constant([])
      : fc
          .subarray(Object.keys(relations), { maxLength: Math.min(2, Object.keys(relations).length) })
          .chain((names) => fc.tuple(...names.map((name) => preload(name, relations[name], depth))))
  return fc.record(
    {
      columns: fc.subarray(Object.keys(columns), { minLength: 1 }),
      filters: fc.array(filter(entity), { maxLength: 2 }),
      sort: sortOf(entity),
      limit: fc.integer({ min: 0, max: 12 }),
      offset: fc.integer({ min: 0, max: 4 }),
      preload: preloads as fc.Arbitrary<Preload[]>,
    },
    { requiredKeys: ['preload'] },
  )
}

function preload(
  relation: string,
  related: { readonly to: string; readonly many?: true } | undefined,
  depth: number,
): fc.Arbitrary<Preload> {
  // Of one row there is no order, and no part.
  return asked(related?.to ?? '', depth - 1).map(({ sort, limit, offset, ...rest }) => ({
    relation,
    ...rest,
    ...(related?.many && {
      ...(sort && { sort }),
      ...(limit !== undefined && { limit }),
      ...(offset !== undefined && { offset }),
    }),
  })) as fc.Arbitrary<Preload>
}

const question = fc
  .constantFrom(...Object.keys(TABLES))
  .chain((entity) => fc.record({ entity: fc.constant(entity), options: asked(entity, 3) }))

/** Holds reads on a schema in the manner of Pagila and Chinook to SQL that was written by hand. */
export function rentalSuite(over: string, open?: OpenDatabase): void {
  describe(`a film rental over ${over}`, () => {
    const running = withServer(shop, async () => ({ createTables: true, ...(await open?.()) }))
    const db = () => running.server.db as ServerDatabase<Record<string, never>>
    const sql: RunSql = async (statement) => {
      const rows = await db().execute(drizzleSql.raw(statement))
      const list = (Array.isArray(rows) ? rows : (rows as { rows: unknown[] }).rows) as Record<string, unknown>[]
      return list.map((row) => row.row_to_json as Record<string, unknown>)
    }

    beforeAll(async () => {
      for (const statement of FILL.split(';\n')) await db().execute(drizzleSql.raw(statement))
    })

    test('any filters, sorts, pages and related rows are what SQL written by hand gives', {
      timeout: 120_000,
    }, async () => {
      let read = 0
      let related = 0
      await fc.assert(
        fc.asyncProperty(question, async ({ entity, options }) => {
          read += 1
          const reply = await running.client.ask({
            id: `r${read}`,
            type: 'request',
            operation: 'read',
            entity,
            options,
          })
          expect(reply.error, JSON.stringify({ entity, options })).toBeUndefined()
          const expected = await byHand(entity, options, sql)
          expect(reply.data, JSON.stringify({ entity, options })).toEqual(expected)
          related += JSON.stringify(reply.data).split('":[{').length - 1
        }),
        { numRuns: RUNS },
      )
      // Else nothing was compared that matters here.
      expect(related).toBeGreaterThan(RUNS / 2)
    })
  })
}
