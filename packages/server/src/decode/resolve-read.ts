import { type Limits, type ReadOptions, type ReadRequest, SpecError } from '@mqttspec/protocol'
import { both } from '../access/access.ts'
import type { Entity } from '../entity/entity.ts'
import type { AggregateRead } from '../query/aggregate.ts'
import type { Condition } from '../query/condition.ts'
import type { ReadMany, ReadOne, ReadRank } from '../query/read.ts'
import type { RequestRules } from './request-rules.ts'
import { resolveAggregate } from './resolve-aggregate.ts'
import { resolveColumns } from './resolve-columns.ts'
import { resolveCursor } from './resolve-cursor.ts'
import { resolveFilters } from './resolve-filters.ts'
import { resolveKey } from './resolve-key.ts'
import { resolveComputedColumns, resolveCustomOperators } from './resolve-named.ts'
import { resolvePreload } from './resolve-preload.ts'
import { resolveSort } from './resolve-sort.ts'

/** A checked read: figures, a page, the row that a key names, or a row with its place in a list. */
export type Read =
  | { readonly aggregate: AggregateRead }
  | { readonly many: ReadMany }
  | { readonly one: ReadOne }
  | { readonly rank: ReadRank }

/** Checks a read. Throws `invalid_options`, `invalid_preload`, `cursor_error`, `invalid_data`. */
export function resolveRead(entity: Entity, request: ReadRequest, rules: RequestRules): Read {
  const { access, limits } = rules
  access.check(entity, 'read')
  const options = request.options ?? {}
  const computed = resolveComputedColumns(entity, options.computedColumns)
  const columns = [...new Set([...resolveColumns(entity, options, ['options']), ...computed])]
  const filters = resolveFilters(entity, options.filters, limits, ['options', 'filters'])
  const asked = both(filters, resolveCustomOperators(entity, options.customOperators))
  const where = both(access.visible(entity), asked)
  const key = resolveKey(entity, request.record_id, request.data, ['data'])
  if (options.aggregate && key) throw beside('record_id')
  if (options.aggregate) return { aggregate: resolveAggregate(entity, options.aggregate, options, where, limits) }
  const sort = resolveSort(entity, options.sort, ['options', 'sort'])
  const preload = resolvePreload(entity, options.preload, rules, ['options', 'preload'])
  const selection = { entity, columns, preload }
  if (options.fetch_row_number !== undefined) {
    const row = resolveRankedRow(entity, options.fetch_row_number)
    return { rank: { ...selection, row, where, sort } }
  }
  if (key) return { one: { ...selection, where: both(where, key.condition) } }
  if (request.data && Object.keys(request.data).length > 0) throw notAKey(entity, request.data)
  const cursor = resolveCursor(entity, options, sort, access)
  return { many: { ...selection, where, sort, ...resolvePage(options, limits), cursor } }
}

function resolvePage({ limit, offset = 0, total = 'exact' }: ReadOptions, limits: Limits) {
  if (offset > limits.maxOffset) {
    throw new SpecError('invalid_options', `The offset is at most ${limits.maxOffset}; use a cursor.`, {
      path: ['options', 'offset'],
    })
  }
  return { limit: Math.min(limit ?? limits.defaultLimit, limits.maxLimit), offset, total }
}

function resolveRankedRow(entity: Entity, key: unknown): Condition {
  const path = ['options', 'fetch_row_number']
  const row = resolveKey(entity, key, undefined, path)
  if (row) return row.condition
  throw new SpecError('invalid_options', `fetch_row_number is a key of ${entity.name}.`, { path })
}

const beside = (name: string) =>
  new SpecError('invalid_options', `An aggregate is of many rows; ${name} has no meaning beside it.`, {
    path: ['options', 'aggregate'],
  })

function notAKey(entity: Entity, data: object): SpecError {
  const key = entity.key.map((column) => column.name).join(', ')
  return new SpecError('invalid_data', `The data of a read names one row by its key: ${key}. Use options.filters.`, {
    path: ['data', Object.keys(data)[0] ?? ''],
  })
}
