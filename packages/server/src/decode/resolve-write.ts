import { type CreateRequest, type DeleteRequest, isSpecError, SpecError, type UpdateRequest } from '@mqttspec/protocol'
import { both } from '../access/access.ts'
import type { Entity } from '../entity/entity.ts'
import type { Comparison, Condition, Path } from '../query/condition.ts'
import { equals } from '../query/equals.ts'
import type { OnConflict, Target, Update, Write } from '../query/write.ts'
import type { RequestRules } from './request-rules.ts'
import { resolveColumn } from './resolve-columns.ts'
import { type Key, resolveKey } from './resolve-key.ts'
import { type Row, resolveRow, stamped } from './resolve-row.ts'

/** What a write asks, wherever it stands: a message of its own, or one operation of a batch. */
export type WriteRequest =
  | Pick<CreateRequest, 'operation' | 'data' | 'options'>
  | Pick<UpdateRequest, 'operation' | 'record_id' | 'data' | 'options'>
  | Pick<DeleteRequest, 'operation' | 'record_id' | 'data' | 'options'>

/** Checks a write. Throws `invalid_data`, `missing_id`, `invalid_options`, `forbidden`. */
export function resolveWrite(entity: Entity, request: WriteRequest, rules: RequestRules): Write {
  rules.access.check(entity, request.operation)
  switch (request.operation) {
    case 'create': {
      const onConflict = resolveOnConflict(entity, request.options?.on_conflict)
      const { list, rows } = each(request.data, rules, (row, path) => {
        checkConflictColumns(row, onConflict, path)
        return stamped(entity, resolveRow(entity, row, path, rules), rules)
      })
      return { is: 'create', list, create: { entity, rows, onConflict, visible: rules.access.visible(entity) } }
    }
    case 'update': {
      const target = resolveTarget(entity, request, rules)
      const { list, rows } = each(request.data, rules, (row, path) =>
        resolveUpdate(target(row, path), row, path, rules),
      )
      return { is: 'update', list, updates: rows }
    }
    case 'delete': {
      const target = resolveTarget(entity, request, rules)
      const { list, rows } = each(request.data ?? {}, rules, (row, path) => {
        checkOnlyKey(entity, row, path)
        return target(row, path)
      })
      return { is: 'delete', list, deletes: rows }
    }
  }
}

function each<Item>(data: Row | readonly Row[], { limits }: RequestRules, resolve: (row: Row, path: Path) => Item) {
  if (!isList(data)) return { list: false, rows: [resolve(data, ['data'])] }
  if (data.length > limits.maxWriteRows) {
    throw new SpecError('invalid_data', `At most ${limits.maxWriteRows} rows are written at once.`, { path: ['data'] })
  }
  return { list: true, rows: data.map((row, index) => ofRow(index, () => resolve(row, ['data', index]))) }
}

/** What is wrong with one row of many says which it is. */
function ofRow<Item>(index: number, resolve: () => Item): Item {
  try {
    return resolve()
  } catch (error) {
    if (!isSpecError(error)) throw error
    throw new SpecError(error.code, error.message, { ...error.details, index }, error.cause)
  }
}

const isList = (data: Row | readonly Row[]): data is readonly Row[] => Array.isArray(data)

function resolveUpdate(target: Target, row: Row, path: Path, rules: RequestRules): Update {
  const values = Object.entries(row).filter(([name]) => !target.entity.key.some((column) => column.name === name))
  const write = resolveRow(target.entity, Object.fromEntries(values), path, rules)
  if (write.values.size === 0 && write.children.length === 0) {
    throw new SpecError('invalid_data', 'Name at least one column to change.', { path: [...path] })
  }
  return { ...target, row: write }
}

/** How each row of an update or a delete is found. */
function resolveTarget(
  entity: Entity,
  request: Exclude<WriteRequest, { operation: 'create' }>,
  { access }: RequestRules,
) {
  const { record_id: recordId, data } = request
  if (recordId !== undefined && Array.isArray(data)) {
    throw new SpecError('invalid_data', 'record_id names one row: in a list, each row has its own key.', {
      path: ['record_id'],
    })
  }
  const holds = resolveIf(entity, request.options?.if)
  return (row: Row, path: Path): Target => {
    const key = resolveKey(entity, recordId, row, path) ?? missing(entity, path)
    return { entity, key: key.literals, where: both(access.visible(entity), key.condition), holds }
  }
}

function missing(entity: Entity, path: Path): Key {
  const key = entity.key.map((column) => column.name).join(', ')
  throw new SpecError('missing_id', `Which row? Send record_id, or ${key} in data.`, { path: [...path] })
}

function checkOnlyKey(entity: Entity, row: Row, path: Path): void {
  const extra = Object.keys(row).find((name) => !entity.key.some((column) => column.name === name))
  if (extra === undefined) return
  throw new SpecError('invalid_data', 'The data of a delete names a row by its key, and nothing else.', {
    path: [...path, extra],
  })
}

/** `options.if`: each column holds this value; null is NULL. */
function resolveIf(entity: Entity, values: Row | undefined): Condition | undefined {
  if (!values) return undefined
  const of = Object.entries(values).map(([name, value]): Comparison => {
    const path = ['options', 'if', name]
    const column = resolveColumn(entity, name, path)
    const text = value === null ? null : column.kind.encode(value)
    if (text !== undefined && column.kind.sql.equality) return equals(column, value, text, path)
    const expected = column.kind.sql.equality
      ? `expected ${column.kind.expects}`
      : `${column.kind.type} cannot be compared`
    throw new SpecError('invalid_options', `${name}: ${expected}.`, { path })
  })
  return { is: 'all', of }
}

function resolveOnConflict(
  entity: Entity,
  option: { readonly columns: readonly string[]; readonly do: 'update' | 'nothing' } | undefined,
): OnConflict | undefined {
  if (!option) return undefined
  const path = ['options', 'on_conflict', 'columns']
  const columns = option.columns.map((name, index) => resolveColumn(entity, name, [...path, index]))
  const names = columns.map(({ name }) => name).sort()
  if (columns.length > 0 && entity.uniques.some((of) => [...of].sort().join() === names.join()))
    return { columns, do: option.do }
  throw new SpecError('invalid_options', `No unique constraint of ${entity.name} is on just these columns.`, { path })
}

function checkConflictColumns(row: Row, onConflict: OnConflict | undefined, path: Path): void {
  const missing = onConflict?.columns.find(({ name }) => row[name] === undefined || row[name] === null)
  if (!missing) return
  throw new SpecError('invalid_data', `on_conflict compares ${missing.name}, so each row has a value for it.`, {
    path: [...path, missing.name],
  })
}
