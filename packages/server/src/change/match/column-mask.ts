import { equalJson } from '../../column/json-kinds.ts'
import type { Column, Entity } from '../../entity/entity.ts'
import type { Condition } from '../../query/condition.ts'
import type { Row } from '../change.ts'

/*
 * Sets of an entity's columns as the bits of a number. A table with more columns than bits has columns that share one:
 * two sets then seem to meet where they do not, and never the other way round.
 */

const BITS = 31
const EVERY_COLUMN = -1

/** No column. */
export const NO_COLUMN = 0

const bitAt = (position: number): number => (position < 0 ? EVERY_COLUMN : 1 << (position % BITS))

/** These columns. */
export function maskOf({ allColumns }: Entity, columns: readonly Column[]): number {
  return columns.reduce((mask, { name }) => mask | bitAt(allColumns.findIndex((each) => each.name === name)), NO_COLUMN)
}

/** The columns on which it depends whether a condition holds. */
export function maskOfCondition(entity: Entity, condition: Condition): number {
  switch (condition.is) {
    case 'all':
    case 'any':
      return condition.of.reduce((mask, each) => mask | maskOfCondition(entity, each), NO_COLUMN)
    case 'not':
      return maskOfCondition(entity, condition.of)
    case 'comparison':
      return maskOf(entity, [condition.operand.column])
    case 'expression':
      return EVERY_COLUMN
  }
}

/** The columns that differ between two rows; of a row that came or went, all. */
export function maskOfChange({ allColumns }: Entity, old: Row | undefined, row: Row | undefined): number {
  if (!old || !row) return EVERY_COLUMN
  return allColumns.reduce(
    (mask, { name }, position) => (equalJson(old[name], row[name]) ? mask : mask | bitAt(position)),
    NO_COLUMN,
  )
}
