import { ExactNumber } from '@mqttspec/protocol'
import { type ColumnKind, identity, plain } from './column-kind.ts'
import { isStorableText } from './text-kinds.ts'

/** A JSON value that Postgres stores as it was sent: storable text, and no number that lost digits on the way. */
export function isStorableJson(value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  if (Array.isArray(value)) return value.every(isStorableJson)
  return (
    typeof value === 'object' &&
    Object.entries(value).every(([key, child]) => isStorableText(key) && isStorableJson(child))
  )
}

/** Equality of jsonb: by structure; the order of an object's keys does not count. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (left instanceof ExactNumber || right instanceof ExactNumber) {
    return left instanceof ExactNumber && right instanceof ExactNumber && left.text === right.text
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (Array.isArray(left) !== Array.isArray(right)) return false
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      equalJson((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  )
}

function json(type: 'json' | 'jsonb'): ColumnKind {
  return {
    type,
    cast: type,
    expects: 'a JSON value without NUL, half surrogates or numbers beyond 2^53',
    encode: (value) => (isStorableJson(value) ? JSON.stringify(value) : undefined),
    select: plain,
    // json has no equality in Postgres; jsonb orders values in a way of its own that nobody means.
    sql: { equality: type === 'jsonb', order: false, text: 'cast' },
    ...(type === 'jsonb' && { memory: { decode: identity, equal: equalJson } }),
  }
}

/** json, kept as it was written. */
export const jsonText: ColumnKind = json('json')

/** jsonb. */
export const jsonBinary: ColumnKind = json('jsonb')
