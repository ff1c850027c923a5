import { DEFAULT_LIMITS, type Filter, SpecError } from '@mqttspec/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Access } from '../access/access.ts'
import type { Row } from '../change/change.ts'
import { RowTests } from '../change/match/row-tests.ts'
import type { Database } from '../db/database.ts'
import { runReadMany } from '../db/run-read.ts'
import { runWrite } from '../db/run-write.ts'
import type { RequestRules } from '../decode/request-rules.ts'
import { resolveFilters } from '../decode/resolve-filters.ts'
import { resolveRead } from '../decode/resolve-read.ts'
import { resolveWrite } from '../decode/resolve-write.ts'
import type { Entity } from '../entity/entity.ts'
import { prepareTables } from '../entity/prepare-tables.ts'
import { OPERATORS } from '../operators/operators.ts'
import { conditionSql } from '../query/condition-sql.ts'
import { wholeText } from '../query/separated-rows.ts'
import { SqlText } from '../query/sql-text.ts'
import { PATTERNS, VALUES } from './arbitrary-value.ts'
import { mood, things } from './every-type.ts'

const LIMITS = { ...DEFAULT_LIMITS, maxFilterNodes: 1_000 }
const columns = Object.keys(VALUES)
const value = (column: string) => VALUES[column] ?? fc.constant(null)

const comparison: fc.Arbitrary<Filter> = fc.constantFrom(...columns).chain((column) =>
  fc.constantFrom(...OPERATORS).chain(({ name, takes }) => {
    const isArray = column.endsWith('s')
    const single =
      isArray && name === 'contains'
        ? value(column).map((list) => (list as unknown[]).find((item) => item !== null) ?? 'x')
        : value(column)
    const values: Record<string, fc.Arbitrary<unknown>> = {
      nothing: fc.constant(undefined),
      value: single,
      list: fc.array(value(column), { maxLength: 4 }),
      pair: fc.tuple(value(column), value(column)),
      pattern: PATTERNS,
      part: isArray ? single : PATTERNS,
    }
    return (values[takes] ?? fc.constant(undefined)).map((of) =>
      of === undefined ? { column, operator: name } : { column, operator: name, value: of },
    )
  }),
)

const path = (column: string): fc.Arbitrary<Filter> =>
  fc.oneof(
    fc.record({
      column: fc.constantFrom(`${column}.theme`, `${column}.a`, `${column}.b.0`),
      operator: fc.constantFrom('eq', 'neq', 'gt', 'lte'),
      value: fc.constantFrom('dark', 'light', 5, 1, 2),
    }),
    fc.record({
      column: fc.constant(`${column}.n`),
      operator: fc.constantFrom('eq', 'gt', 'gte', 'lt'),
      value: fc.constantFrom(1, 2, 2.5, '2', -3),
    }),
    fc.record({
      column: fc.constant(`${column}.theme`),
      operator: fc.constantFrom('like', 'ilike', 'contains'),
      value: PATTERNS,
    }),
    fc.record({ column: fc.constant(`${column}.theme`), operator: fc.constantFrom('is_null', 'is_not_null') }),
    fc.record({
      column: fc.constant(`${column}.theme`),
      operator: fc.constantFrom('in', 'not_in'),
      value: fc.constantFrom(['dark', 5], [], ['light'], [true]),
    }),
  )

const leaf = fc.oneof(
  { weight: 6, arbitrary: comparison },
  { weight: 1, arbitrary: path('jsonb') },
  { weight: 1, arbitrary: path('json') },
)

const tree: fc.Arbitrary<Filter> = fc.letrec<{ tree: Filter }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie('tree'), { maxLength: 3 }).map((or) => ({ or })),
    tie('tree').map((not) => ({ not })),
  ),
})).tree

const row = fc.record(Object.fromEntries(columns.map((column) => [column, fc.option(value(column), { freq: 4 })])))

/** Holds filters in memory, and values on the wire, against the database that `open` gives. */
export function operatorsSuite(over: string, open: () => Promise<Database>): void {
  describe(`operators over ${over}`, () => {
    let database: Database
    let entity: Entity
    let rules: RequestRules
    const tests = new RowTests()

    beforeAll(async () => {
      database = await open()
      const source = { schema: { things, mood }, wireNames: 'property', casing: undefined } as const
      const registry = await prepareTables(database, source, [{ schemaKey: 'things', options: {} }], {
        createTables: true,
      })
      entity = registry.find('things', undefined)
      rules = { registry, limits: LIMITS, access: new Access(undefined) }
    }, 60_000)

    afterAll(async () => database.close())

    /** What a filter came to: the ids that memory picks, or undefined where only Postgres can decide. */
    function inMemory(filter: Filter, rows: readonly Row[]): readonly unknown[] | undefined {
      try {
        const matches = tests.of(resolveFilters(entity, [filter], LIMITS, ['options', 'filters']))
        return rows.filter((candidate) => matches.test(candidate) === true).map(({ id }) => id)
      } catch (error) {
        if (error instanceof SpecError && error.code === 'invalid_options') return undefined
        throw error
      }
    }

    async function inPostgres(filters: readonly Filter[]): Promise<readonly (readonly unknown[])[]> {
      const sql = new SqlText()
      const ids = filters.map((filter) => {
        const where = conditionSql(resolveFilters(entity, [filter], LIMITS, []), 't', sql)
        return `(select coalesce(json_agg(t.id order by t.id), '[]') from things t where ${where})::text`
      })
      const [cells] = await database.run(sql.statement(`select ${ids.join(', ')}`))
      return (cells ?? []).map((cell) => JSON.parse(cell ?? '[]'))
    }

    const decided = new Map<string, number>()

    test('fault F23: a filter picks in memory what it picks in Postgres, for every operator on every type', {
      timeout: 120_000,
    }, async () => {
      let cases = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 4, maxLength: 12 }),
          fc.array(tree, { minLength: 25, maxLength: 40 }),
          async (rows, filters) => {
            await database.script('truncate things restart identity')
            const create = { operation: 'create', data: rows } as const
            await runWrite(database, resolveWrite(entity, create, rules))
            const read = resolveRead(entity, { id: '1', type: 'request', operation: 'read', entity: 'things' }, rules)
            if (!('many' in read)) throw new Error('a page was asked')
            const stored = JSON.parse(wholeText((await runReadMany(database, read.many)).data)) as Row[]
            const able = filters
              .map((filter) => ({ filter, ids: inMemory(filter, stored) }))
              .filter(({ ids }) => ids !== undefined)
            if (able.length === 0) return
            const expected = await inPostgres(able.map(({ filter }) => filter))
            for (const [index, { filter, ids }] of able.entries()) {
              cases++
              for (const [name] of JSON.stringify(filter).matchAll(/"column":"[^"]+","operator":"[^"]+"/g))
                decided.set(name, (decided.get(name) ?? 0) + 1)
              expect(ids, JSON.stringify(filter)).toEqual(expected[index])
            }
          },
        ),
        { numRuns: 100 },
      )
      expect(cases).toBeGreaterThan(2_000)
    })

    test('every operator was held against Postgres on every type that it can be decided for', () => {
      const operators = new Set([...decided.keys()].map((pair) => /"operator":"([^"]+)"/.exec(pair)?.[1]))
      expect([...operators].sort()).toEqual(OPERATORS.map(({ name }) => name).sort())
      const types = new Set([...decided.keys()].map((pair) => /"column":"([^".]+)/.exec(pair)?.[1]))
      expect([...types].sort()).toEqual([...columns].sort())
      expect(decided.size).toBeGreaterThan(150)
    })

    test('every value comes back as what it was', async () => {
      await fc.assert(
        fc.asyncProperty(row, async (sent) => {
          const write = resolveWrite(entity, { operation: 'create', data: sent }, rules)
          const first = JSON.parse((await runWrite(database, write)).data) as Row
          const { id: _, ...again } = first
          const second = JSON.parse(
            (await runWrite(database, resolveWrite(entity, { operation: 'create', data: again }, rules))).data,
          ) as Row
          expect({ ...second, id: first.id }).toEqual(first)
          for (const [column, value] of Object.entries(sent)) if (value === null) expect(first[column]).toBeNull()
        }),
        { numRuns: 150 },
      )
    })

    test('digits, instants, bytes and text arrive exactly', async () => {
      const sent = {
        int8: '9007199254740993',
        numeric: '12345678901234567890.50',
        timestamptz: '2026-01-01T02:00:00.000001+02:00',
        timestamp: '2026-01-01T00:00:00.5',
        date: '2026-01-31',
        bytea: '/w==',
        text: '😀 "\\ \uffff \u202e',
        jsonb: { a: [1, 'b', null], z: { y: true } },
        float8: 'NaN',
        bigints: ['9007199254740993', null],
        texts: ['a,b', '"', '{}', null],
      }
      const stored = JSON.parse(
        (await runWrite(database, resolveWrite(entity, { operation: 'create', data: sent }, rules))).data,
      )
      expect(stored).toMatchObject({ ...sent, timestamptz: '2026-01-01T00:00:00.000001+00:00' })
    })
  })
}
