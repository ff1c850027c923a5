import { SpecError } from '@mqttspec/protocol'
import type { Column, Entity } from '../entity/entity.ts'
import type { Condition, Path } from '../query/condition.ts'
import { equals } from '../query/equals.ts'

/** A row's key that has been checked. */
export interface Key {
  /** One text literal a key column, in the key's order. */
  readonly literals: readonly string[]
  readonly condition: Condition
}

type Row = Readonly<Record<string, unknown>>

/**
 * The key that a message names: by `record_id`, else by the key's columns in `data`; undefined when by neither.
 * Throws `invalid_data` when a value does not fit, or when both are there and differ.
 */
export function resolveKey(entity: Entity, recordId: unknown, data: Row | undefined, path: Path): Key | undefined {
  const named = data && entity.key.every((column) => data[column.name] !== undefined)
  const inData = named
    ? keyOf(
        entity,
        entity.key.map((column) => [data[column.name], [...path, column.name]]),
      )
    : undefined
  if (recordId === undefined) return inData
  const key = keyOf(entity, recordParts(entity, recordId))
  if (inData?.literals.some((literal, index) => literal !== key.literals[index])) {
    throw new SpecError('invalid_data', 'The key in data is another than record_id, and a key cannot be changed.', {
      path: [...path, entity.key[0]?.name ?? ''],
    })
  }
  return key
}

/** The parts of a `record_id`: a bare value, or an object of the key's columns. */
function recordParts(entity: Entity, recordId: unknown): readonly (readonly [unknown, Path])[] {
  if (typeof recordId !== 'object' || recordId === null) {
    if (entity.key.length === 1) return [[recordId, ['record_id']]]
    throw new SpecError('invalid_data', `The key of ${entity.name} has several columns: send ${example(entity)}.`, {
      path: ['record_id'],
    })
  }
  const extra = Object.keys(recordId).find((name) => !entity.key.some((column) => column.name === name))
  if (extra !== undefined || !entity.key.every((column) => Object.hasOwn(recordId, column.name))) {
    throw new SpecError('invalid_data', `The key of ${entity.name} is ${example(entity)}.`, {
      path: extra === undefined ? ['record_id'] : ['record_id', extra],
    })
  }
  return entity.key.map((column) => [(recordId as Row)[column.name], ['record_id', column.name]])
}

const example = (entity: Entity): string => `{${entity.key.map((column) => `"${column.name}": …`).join(', ')}}`

function keyOf(entity: Entity, parts: readonly (readonly [unknown, Path])[]): Key {
  const literals = entity.key.map((column, index) => {
    const [value, path] = parts[index] ?? [undefined, []]
    return encodePart(column, value, path)
  })
  const of = entity.key.map((column, index) =>
    equals(column, parts[index]?.[0], literals[index] ?? '', parts[index]?.[1]),
  )
  return { literals, condition: of.length === 1 && of[0] ? of[0] : { is: 'all', of } }
}

function encodePart(column: Column, value: unknown, path: Path): string {
  // A key of text may come as a number, where whoever sends it has no other kind of key.
  const literal =
    column.kind.encode(value) ?? (typeof value === 'number' ? column.kind.encode(String(value)) : undefined)
  if (literal !== undefined && value !== null) return literal
  throw new SpecError('invalid_data', `${column.name} is a key: expected ${column.kind.expects}.`, { path: [...path] })
}
