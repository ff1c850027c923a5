import { isSpecError, type ReadOptions, SpecError } from '@mqttspec/protocol'
import { type Access, both } from '../access/access.ts'
import type { Entity } from '../entity/entity.ts'
import { decodeCursor, isOpaque } from '../query/page-cursor.ts'
import type { Cursor, SortTerm } from '../query/read.ts'
import { resolveKey } from './resolve-key.ts'

/** Where the page begins, if a cursor says so. Throws `cursor_error`. */
export function resolveCursor(
  entity: Entity,
  options: ReadOptions,
  sort: readonly SortTerm[],
  access: Access,
): Cursor | undefined {
  const { cursor_forward: forward, cursor_backward: backward } = options
  if (forward === undefined && backward === undefined) return undefined
  if (forward !== undefined && backward !== undefined) {
    throw wrong('A page goes forward or backward, not both.', 'cursor_backward')
  }
  if (options.offset) throw wrong('A page begins at a cursor or at an offset, not both.', 'offset')
  const direction = forward === undefined ? 'backward' : 'forward'
  const cursor = forward ?? backward
  const option = `cursor_${direction}` as const
  if (isOpaque(cursor)) {
    const values = decodeCursor(entity, sort, cursor)
    if (values) return { direction, edge: { values } }
    throw wrong('This cursor is of another query: use it with the same entity and sort.', option)
  }
  return { direction, edge: { row: both(access.visible(entity), rowOf(entity, cursor, option)) } }
}

function rowOf(entity: Entity, cursor: unknown, option: string) {
  try {
    const key = resolveKey(entity, cursor, undefined, [])
    if (key) return key.condition
  } catch (error) {
    if (!isSpecError(error)) throw error
  }
  throw wrong(`A cursor is metadata.next, metadata.previous, or a key of ${entity.name}.`, option)
}

const wrong = (message: string, option: string) => new SpecError('cursor_error', message, { path: ['options', option] })
