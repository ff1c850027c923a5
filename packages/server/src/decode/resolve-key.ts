import { SpecError } from '@mqttspec/protocol'
import type { Column, Entity } from '../entity/entity.ts'
import type { Condition, Path } from '../query/condition.ts'
import { equals } from '../query/equals.ts'
import { codeAt } from './explain-issues.ts'

/** A row's key that has been checked. */
export interface Key {
  /** One text literal a key column, in the key's order. */
  readonly literals: readonly string[]
  readonly condition: Condition
}

type Row = Readonly<Record<string, unknown>>

/**
 * The key that a message names: by `record_id`, else by the key's columns in `data`; undefined when by neither. `place` is
 * where the first of them stands. Throws `invalid_data`, or the code of that place, when a value does not fit, or when
 * both are there and differ.
 */
export function resolveKey(
  entity: Entity,
  recordId: unknown,
  data: Row | undefined,
  path: Path,
  place: Path = ['record_id'],
): Key | undefined {
  if (recordId === undefined) {
    const isNamed = data && entity.key.every((column) => data[column.name] !== undefined)
    if (!isNamed) return undefined
    return keyOf(
      entity,
      entity.key.map((column) => [data[column.name], [...path, column.name]]),
    )
  }
  const key = keyOf(entity, recordParts(entity, recordId, place))
  for (const [index, column] of entity.key.entries()) {
    const value = data?.[column.name]
    const at = [...path, column.name]
    if (value === undefined || encodePart(column, value, at) === key.literals[index]) continue
    throw wrong('The key in data is another than record_id, and a key cannot be changed', at)
  }
  return key
}

/** The parts of a `record_id`: a bare value, or an object of the key's columns. */
function recordParts(entity: Entity, recordId: unknown, place: Path): readonly (readonly [unknown, Path])[] {
  if (typeof recordId !== 'object' || recordId === null) {
    if (entity.key.length === 1) return [[recordId, place]]
    throw wrong(`The key of ${entity.name} has several columns: send ${example(entity)}`, place)
  }
  const extra = Object.keys(recordId).find((name) => !entity.key.some((column) => column.name === name))
  if (extra !== undefined || !entity.key.every((column) => Object.hasOwn(recordId, column.name))) {
    throw wrong(`The key of ${entity.name} is ${example(entity)}`, extra === undefined ? place : [...place, extra])
  }
  return entity.key.map((column) => [(recordId as Row)[column.name], [...place, column.name]])
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
  const literal = column.kind.encode(value) ?? column.kind.encode(asText(value))
  if (literal !== undefined && value !== null) return literal
  throw wrong(`${column.name} is a key: expected ${column.kind.expects}`, path)
}

// A key of text may come as a number, where whoever sends it has no other kind of key. One that has lost digits on the
// way would name another row.
const asText = (value: unknown): unknown =>
  typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined

const wrong = (message: string, path: Path) => new SpecError(codeAt(path), `${message}.`, { path: [...path] })
