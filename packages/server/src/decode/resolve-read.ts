import { type ReadOptions, type ReadRequest, SpecError } from '@mqttspec/protocol'
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
import { type Key, resolveKey } from './resolve-key.ts'
import { resolveComputedColumns, resolveCustomOperators } from './resolve-named.ts'
import { resolvePage } from './resolve-page.ts'
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
  checkData(entity, request.data, key !== undefined)
  if (options.aggregate && key) throw beside('record_id')
  if (options.aggregate) return { aggregate: resolveAggregate(entity, options.aggregate, options, where, limits) }
  const sort = resolveSort(entity, options.sort, ['options', 'sort'])
  const preload = resolvePreload(entity, options.preload, rules, ['options', 'preload'])
  const selection = { entity, columns, preload }
  if (options.fetch_row_number !== undefined) {
    checkOneRow(options)
    const row = resolveRankedRow(entity, options.fetch_row_number, key)
    return { rank: { ...selection, row, where, sort } }
  }
  if (key) {
    checkOneRow(options)
    return { one: { ...selection, where: both(where, key.condition) } }
  }
  const cursor = resolveCursor(entity, options, sort, access)
  const page = { ...resolvePage(options, limits, ['options']), total: options.total ?? 'exact' }
  return { many: { ...selection, where, sort, ...page, cursor } }
}

/** The data of a read is a key, and nothing else. */
function checkData(entity: Entity, data: object | undefined, isKey: boolean): void {
  if (!data) return
  const names = Object.keys(data)
  const extra = names.find((name) => !entity.key.some((column) => column.name === name))
  if (extra === undefined && (isKey || names.length === 0)) return
  const key = entity.key.map((column) => column.name).join(', ')
  throw new SpecError('invalid_data', `The data of a read names one row by its key: ${key}. Use options.filters.`, {
    path: ['data', extra ?? names[0] ?? ''],
  })
}

function checkOneRow(options: ReadOptions): void {
  const cursor = (['cursor_forward', 'cursor_backward'] as const).find((name) => options[name] !== undefined)
  if (!cursor) return
  throw new SpecError('cursor_error', 'A cursor goes through many rows, and one was asked for.', {
    path: ['options', cursor],
  })
}

function resolveRankedRow(entity: Entity, ranked: unknown, key: Key | undefined): Condition {
  const path = ['options', 'fetch_row_number']
  const row = resolveKey(entity, ranked, undefined, [], path)
  if (!row) throw new SpecError('invalid_options', `fetch_row_number is a key of ${entity.name}.`, { path })
  if (!key || key.literals.every((literal, index) => literal === row.literals[index])) return row.condition
  throw new SpecError('invalid_options', 'fetch_row_number names another row than record_id.', { path })
}

const beside = (name: string) =>
  new SpecError('invalid_options', `An aggregate is of many rows; ${name} has no meaning beside it.`, {
    path: ['options', 'aggregate'],
  })
