import { type Limits, type ReadRequest, SpecError } from '@mqttspec/protocol'
import type { Entity } from '../entity/entity.ts'
import { type Condition, EVERY_ROW } from '../query/condition.ts'
import type { ReadMany, ReadOne } from '../query/read.ts'
import { refuseUnbuilt } from './refuse-unbuilt.ts'
import { resolveColumns } from './resolve-columns.ts'
import { resolveFilters } from './resolve-filters.ts'
import { resolveKey } from './resolve-key.ts'
import { resolveSort } from './resolve-sort.ts'

/** Checks a read. `one` when it names a row by its key. Throws `invalid_options`, `invalid_data`. */
export function resolveRead(
  entity: Entity,
  request: ReadRequest,
  limits: Limits,
): { readonly one: ReadOne } | { readonly many: ReadMany } {
  const options = request.options ?? {}
  refuseUnbuilt(options, [
    'preload',
    'cursor_forward',
    'cursor_backward',
    'fetch_row_number',
    'customOperators',
    'computedColumns',
    'aggregate',
  ])
  const columns = resolveColumns(entity, options, ['options'])
  const filters = resolveFilters(entity, options.filters, limits, ['options', 'filters'])
  const sort = resolveSort(entity, options.sort, ['options', 'sort'])
  const key = resolveKey(entity, request.record_id, request.data, ['data'])
  if (key) return { one: { entity, columns, where: and(key.condition, filters) } }
  if (request.data && Object.keys(request.data).length > 0) throw notAKey(entity, request.data)
  const { limit = limits.defaultLimit, offset = 0, total = 'exact' } = options
  if (offset > limits.maxOffset) {
    throw new SpecError('invalid_options', `The offset is at most ${limits.maxOffset}; use a cursor.`, {
      path: ['options', 'offset'],
    })
  }
  return { many: { entity, columns, where: filters, sort, limit: Math.min(limit, limits.maxLimit), offset, total } }
}

function and(left: Condition, right: Condition): Condition {
  return right === EVERY_ROW ? left : { is: 'all', of: [left, right] }
}

function notAKey(entity: Entity, data: object): SpecError {
  const key = entity.key.map((column) => column.name).join(', ')
  return new SpecError('invalid_data', `The data of a read names one row by its key: ${key}. Use options.filters.`, {
    path: ['data', Object.keys(data)[0] ?? ''],
  })
}
