import { type CreateRequest, type DeleteRequest, type Limits, SpecError, type UpdateRequest } from '@mqttspec/protocol'
import type { Column, Entity } from '../entity/entity.ts'
import type { Literal, Path } from '../query/condition.ts'
import type { Create, Delete, RowValues, Update } from '../query/write.ts'
import { refuseUnbuilt } from './refuse-unbuilt.ts'
import { type Key, resolveKey } from './resolve-key.ts'

type Row = Readonly<Record<string, unknown>>

/** A write of one row, or of a list of rows; the reply has the same form. */
export interface Rows<Write> {
  readonly list: boolean
  readonly rows: readonly Write[]
}

/** Checks a create. Throws `invalid_data`. */
export function resolveCreate(entity: Entity, request: CreateRequest, limits: Limits): Create & { list: boolean } {
  refuseUnbuilt(request.options ?? {}, ['on_conflict'])
  const { list, rows } = each(request.data, limits, (row, path) => resolveValues(entity, row, path))
  return { entity, list, rows }
}

/** Checks an update. Throws `invalid_data`, `missing_id`. */
export function resolveUpdate(entity: Entity, request: UpdateRequest, limits: Limits): Rows<Update> {
  refuseUnbuilt(request.options ?? {}, ['if'])
  checkOneId(request)
  return each(request.data, limits, (row, path) => {
    const key = resolveKey(entity, request.record_id, row, path) ?? missing(entity, path)
    const values = resolveValues(entity, withoutKey(entity, row), path)
    if (values.size === 0)
      throw new SpecError('invalid_data', 'Name at least one column to change.', { path: [...path] })
    return { entity, key: key.literals, where: key.condition, values }
  })
}

/** Checks a delete. Throws `invalid_data`, `missing_id`. */
export function resolveDelete(entity: Entity, request: DeleteRequest, limits: Limits): Rows<Delete> {
  refuseUnbuilt(request.options ?? {}, ['if'])
  checkOneId(request)
  return each(request.data ?? {}, limits, (row, path) => {
    const extra = Object.keys(row).find((name) => !entity.key.some((column) => column.name === name))
    if (extra !== undefined) {
      throw new SpecError('invalid_data', 'The data of a delete names a row by its key, and nothing else.', {
        path: [...path, extra],
      })
    }
    const key = resolveKey(entity, request.record_id, row, path) ?? missing(entity, path)
    return { entity, key: key.literals, where: key.condition }
  })
}

function each<Write>(
  data: Row | readonly Row[],
  limits: Limits,
  resolve: (row: Row, path: Path) => Write,
): Rows<Write> {
  if (!isList(data)) return { list: false, rows: [resolve(data, ['data'])] }
  if (data.length > limits.maxWriteRows) {
    throw new SpecError('invalid_data', `At most ${limits.maxWriteRows} rows are written at once.`, { path: ['data'] })
  }
  return { list: true, rows: data.map((row, index) => resolve(row, ['data', index])) }
}

const isList = (data: Row | readonly Row[]): data is readonly Row[] => Array.isArray(data)

function checkOneId({ record_id, data }: UpdateRequest | DeleteRequest): void {
  if (record_id === undefined || !Array.isArray(data)) return
  throw new SpecError('invalid_data', 'record_id names one row: in a list, each row has its own key.', {
    path: ['record_id'],
  })
}

function missing(entity: Entity, path: Path): Key {
  const key = entity.key.map((column) => column.name).join(', ')
  throw new SpecError('missing_id', `Which row? Send record_id, or ${key} in data.`, { path: [...path] })
}

function withoutKey(entity: Entity, row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !entity.key.some((column) => column.name === name)))
}

/** Checks the values of one row and encodes each. All that is wrong is told at once. */
function resolveValues(entity: Entity, row: Row, path: Path): RowValues {
  const values = new Map<Column, Literal | null>()
  const issues: { path: (string | number)[]; message: string }[] = []
  for (const [name, value] of Object.entries(row)) {
    const column = entity.columns.get(name)
    const trouble = column ? troubleWith(column, value) : `${entity.name} has no column of this name`
    if (!column || trouble) issues.push({ path: [...path, name], message: trouble ?? '' })
    else values.set(column, encode(column, value))
  }
  const [first] = issues
  if (!first) return values
  const where = String(first.path.at(-1)).slice(0, 100)
  throw new SpecError('invalid_data', `${where}: ${first.message}.`, { path: first.path, issues: issues.slice(0, 20) })
}

function troubleWith(column: Column, value: unknown): string | undefined {
  if (column.generated) return 'the database sets this column'
  if (value === null) return column.nullable ? undefined : 'this column cannot be null'
  return column.kind.encode(value) === undefined ? `expected ${column.kind.expects}` : undefined
}

function encode(column: Column, value: unknown): Literal | null {
  const text = value === null ? undefined : column.kind.encode(value)
  return text === undefined ? null : { text, cast: column.kind.cast }
}
