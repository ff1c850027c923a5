import { createHash } from 'node:crypto'
import { decodeJson } from '@mqttspec/protocol'
import type { Entity } from '../entity/entity.ts'
import type { SortTerm } from './read.ts'

/** What tells an opaque cursor from a key. */
const MARK = '~'

/** The opaque cursor of the row with these sort values: it goes on from there also when the row is gone. */
export function encodeCursor(entity: Entity, sort: readonly SortTerm[], values: string): string {
  return `${MARK}${Buffer.from(`${orderName(entity, sort)}${values}`).toString('base64url')}`
}

/** Is this an opaque cursor? */
export const isOpaque = (cursor: unknown): cursor is string => typeof cursor === 'string' && cursor.startsWith(MARK)

/** The sort values of an opaque cursor; undefined for one of another query, or that cannot be read. */
export function decodeCursor(
  entity: Entity,
  sort: readonly SortTerm[],
  cursor: string,
): readonly (string | null)[] | undefined {
  const text = Buffer.from(cursor.slice(MARK.length), 'base64url').toString()
  const name = orderName(entity, sort)
  const values = text.startsWith(name) ? valuesOf(text.slice(name.length)) : undefined
  if (values?.length !== sort.length || !values.every(isStorableOrNull)) return undefined
  return values as readonly (string | null)[]
}

function valuesOf(text: string): readonly unknown[] | undefined {
  try {
    const values = decodeJson(text)
    return Array.isArray(values) ? values : undefined
  } catch {
    return undefined
  }
}

const isStorableOrNull = (value: unknown) => value === null || (typeof value === 'string' && !value.includes('\0'))

/** A short name of the order that a cursor is a place in. */
function orderName(entity: Entity, sort: readonly SortTerm[]): string {
  const terms = sort.map(({ column, descending, nulls }) => [column.name, descending, nulls])
  return createHash('sha256')
    .update(JSON.stringify([entity.name, terms]))
    .digest('base64')
    .slice(0, 8)
}
