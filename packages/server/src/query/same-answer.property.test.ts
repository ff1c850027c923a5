import {
  DEFAULT_LIMITS,
  type Filter,
  isSpecError,
  type ReadOptions,
  type ReadRequest,
  type Sort,
} from '@mqttspec/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Access } from '../access/access.ts'
import type { Cells, Database } from '../db/database.ts'
import { openDatabase } from '../db/open-database.ts'
import { type Result, runReadMany, runReadOne } from '../db/run-read.ts'
import { runWrite } from '../db/run-write.ts'
import type { RequestRules } from '../decode/request-rules.ts'
import { resolveRead } from '../decode/resolve-read.ts'
import { resolveWrite } from '../decode/resolve-write.ts'
import { prepareTables } from '../entity/prepare-tables.ts'
import { VALUES } from '../testing/arbitrary-value.ts'
import { mood, things } from '../testing/every-type.ts'
import { conditionSql } from './condition-sql.ts'
import type { ReadMany } from './read.ts'
import { SqlText } from './sql-text.ts'

/*
 * The statements of reads have Postgres make the whole answer. Here each answer is made the slow way too: all ids in
 * their order, cut in memory; the cells of each row as Postgres prints them; JSON put together by hand.
 */

const COLUMNS = ['id', ...Object.keys(VALUES)]
const names = fc.constantFrom(...Object.keys(VALUES))

const filter: fc.Arbitrary<Filter> = names.chain((column) =>
  fc.oneof(
    fc.record({
      column: fc.constant(column),
      operator: fc.constantFrom('neq', 'gt', 'gte', 'lt', 'lte'),
      value: VALUES[column] ?? fc.constant(null),
    }),
    fc.record({ column: fc.constant(column), operator: fc.constantFrom('is_null', 'is_not_null') }),
  ),
)

const sort: fc.Arbitrary<Sort> = fc.record(
  { column: names, direction: fc.constantFrom('asc', 'desc'), nulls: fc.constantFrom('first', 'last') },
  { requiredKeys: ['column'] },
)

const options: fc.Arbitrary<ReadOptions> = fc.record(
  {
    columns: fc.subarray(COLUMNS, { minLength: 1 }),
    filters: fc.array(filter, { maxLength: 1 }),
    sort: fc.array(sort, { maxLength: 2 }),
    limit: fc.integer({ min: 0, max: 9 }),
    offset: fc.integer({ min: 0, max: 6 }),
    total: fc.constantFrom<'exact' | 'capped' | false>('exact', 'capped', false),
  },
  { requiredKeys: ['limit'] },
)

const row = fc.record(
  Object.fromEntries(Object.entries(VALUES).map(([column, value]) => [column, fc.option(value, { freq: 4 })])),
)

const NUMBERS = ['id', 'int2', 'int4', 'float4', 'float8']

/** A cell, as Postgres prints it, in the wire's own JSON. */
function cellJson(column: string, cell: string | null): string {
  if (cell === null) return 'null'
  if (NUMBERS.includes(column)) return /\d/.test(cell) ? cell : JSON.stringify(cell)
  if (column === 'bool') return cell === 't' ? 'true' : 'false'
  if (column === 'json' || column === 'jsonb') return cell
  if (column === 'bytea') return JSON.stringify(Buffer.from(cell.slice(2), 'hex').toString('base64'))
  if (column === 'timestamp') return JSON.stringify(cell.replace(' ', 'T'))
  if (column === 'timestamptz') return JSON.stringify(cell.replace(' ', 'T').replace(/\+00$/, '+00:00'))
  if (column === 'ints' || column === 'texts' || column === 'bigints') return arrayJson(column, cell)
  return JSON.stringify(cell)
}

/** `{1,NULL,"a b"}` as JSON. */
function arrayJson(column: string, cell: string): string {
  const elements = cell.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/gs) ?? []
  const json = elements.map((element) => {
    if (element === 'NULL') return 'null'
    if (column === 'ints') return element
    return JSON.stringify(element.startsWith('"') ? element.slice(1, -1).replace(/\\(.)/gs, '$1') : element)
  })
  return `[${json.join(',')}]`
}

const sqlName = (column: string): string => `t."${column}"`

describe('a read answers byte for byte what is put together by hand', () => {
  let database: Database
  let rules: RequestRules

  beforeAll(async () => {
    database = await openDatabase(undefined, { logger: { info() {}, warn() {}, error() {} } })
    const source = { schema: { things, mood }, wireNames: 'property', casing: undefined } as const
    const registry = await prepareTables(database, source, [{ schemaKey: 'things', options: {} }], {
      createTables: true,
    })
    rules = { registry, limits: DEFAULT_LIMITS, access: new Access(undefined) }
  }, 60_000)

  afterAll(async () => database.close())

  const entity = () => rules.registry.find('things', undefined)

  /** The checked read, or undefined where the options ask of a column what its type has not. */
  function resolve(asked: ReadOptions): ReadMany | undefined {
    const request: ReadRequest = { id: '1', type: 'request', operation: 'read', entity: 'things', options: asked }
    try {
      const read = resolveRead(entity(), request, rules)
      return 'many' in read ? read.many : undefined
    } catch (error) {
      if (isSpecError(error) && error.code === 'invalid_options') return undefined
      throw error
    }
  }

  /** Every matching row, in order: its id, and its JSON. */
  async function byHand(asked: ReadOptions, read: ReadMany): Promise<readonly { id: string; json: string }[]> {
    const sql = new SqlText()
    const order = (asked.sort ?? []).map(
      ({ column, direction = 'asc', nulls }) => `${sqlName(column)} ${direction} ${nulls ? `nulls ${nulls}` : ''}`,
    )
    const cells = COLUMNS.map(
      (column) => `case when ${sqlName(column)} is not null then format('%s', ${sqlName(column)}) end`,
    )
    const where = conditionSql(read.where, 't', sql)
    const rows = await database.run(
      sql.statement(
        `select ${cells.join(', ')} from things t where ${where} order by ${[...order, 't.id'].join(', ')}`,
      ),
    )
    return rows.map((row) => ({ id: row[0] ?? '', json: rowJson(row, asked.columns ?? COLUMNS) }))
  }

  function rowJson(row: Cells, shown: readonly string[]): string {
    const fields = COLUMNS.flatMap((column, index) =>
      shown.includes(column) ? [`"${column}":${cellJson(column, row[index] ?? null)}`] : [],
    )
    return `{${fields.join(',')}}`
  }

  const list = (rows: readonly { readonly json: string }[]): string => `[${rows.map(({ json }) => json).join(',')}]`

  /** Reads on from a page by its cursors, both ways, to the end. */
  async function walk(asked: ReadOptions, page: Result, rows: readonly { json: string }[], start: number) {
    const { offset: _, ...rest } = asked
    const limit = asked.limit ?? 0
    let at = start
    for (let current = page; current.metadata?.next && limit > 0; ) {
      const read = resolve({ ...rest, cursor_forward: String(current.metadata.next) })
      if (!read) throw new Error('the cursor was refused')
      at += limit
      const before = current
      current = await runReadMany(database, read)
      expect(current.data).toBe(list(rows.slice(at, at + limit)))
      const back = resolve({ ...rest, cursor_backward: String(current.metadata?.previous) })
      if (!back) throw new Error('the cursor was refused')
      expect((await runReadMany(database, back)).data).toBe(before.data)
    }
    expect(at + limit).toBeGreaterThanOrEqual(limit > 0 ? rows.length : 0)
  }

  test('pages of any columns, filters, order, limit and offset, and those around them', {
    timeout: 120_000,
  }, async () => {
    let pages = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 8, maxLength: 20 }),
        fc.array(options, { minLength: 20, maxLength: 20 }),
        async (rows, reads) => {
          await database.script('truncate things restart identity')
          await runWrite(database, resolveWrite(entity(), { operation: 'create', data: rows }, rules))
          for (const asked of reads) {
            const read = resolve(asked)
            if (!read) continue
            pages += 1
            const { limit = 0, offset = 0, total = 'exact' } = asked
            const expected = await byHand(asked, read)
            const shown = expected.slice(offset, offset + limit)
            const result = await runReadMany(database, read)
            expect(result.data).toBe(list(shown))
            expect(result.metadata?.count).toBe(shown.length)
            expect(result.metadata?.total).toBe(total === false ? undefined : expected.length)
            expect(result.metadata?.next !== undefined).toBe(limit > 0 && expected.length > offset + limit)
            expect(result.metadata?.previous !== undefined).toBe(offset > 0 && shown.length > 0)
            await walk(asked, result, expected, offset)
          }
        },
      ),
      { numRuns: 15 },
    )
    expect(pages).toBeGreaterThan(100)
  })

  test('one row by its key', async () => {
    await fc.assert(
      fc.asyncProperty(row, async (sent) => {
        await database.script('truncate things restart identity')
        await runWrite(database, resolveWrite(entity(), { operation: 'create', data: sent }, rules))
        const request = { id: '1', type: 'request', operation: 'read', entity: 'things', record_id: 1 } as const
        const read = resolveRead(entity(), request, rules)
        if (!('one' in read)) throw new Error('a row was asked')
        const [expected] = await byHand({}, { where: read.one.where } as ReadMany)
        expect((await runReadOne(database, read.one)).data).toBe(expected?.json)
      }),
      { numRuns: 60 },
    )
  })
})
