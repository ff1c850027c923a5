import type { Comparison, Condition } from '../../query/condition.ts'

/** Values of one column: a row that matches has one of them there. */
export interface EqualityKeys {
  readonly column: string
  readonly keys: readonly (string | number | bigint | boolean)[]
}

/** With more values than this a list is looked through, not looked up. */
const MAX_KEYS = 32

/**
 * The columns whose value a condition fixes, each with the values it allows: of `a = 1 and b in (2, 3) and c > 4`, a
 * and b. A row that matches has one of these values in each of them, so that any of them can find the condition.
 */
export function equalityKeys(condition: Condition): readonly EqualityKeys[] {
  if (condition.is === 'all') return condition.of.flatMap(equalityKeys)
  return condition.is === 'comparison' ? keysOf(condition) : []
}

function keysOf({ operand, operator, values }: Comparison): readonly EqualityKeys[] {
  const { memory } = operand.kind
  const able =
    operand.form === 'column' && !operand.column.expression && (operator.name === 'eq' || operator.name === 'in')
  if (!able || !memory || values.length > MAX_KEYS) return []
  const keys = values.map((value) => memory.decode(value))
  return keys.every(isKey) ? [{ column: operand.column.name, keys }] : []
}

/** Values that are equal in Postgres just when they are the same here. A float can be NaN or -0: it is none. */
function isKey(value: unknown): value is string | number | bigint | boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Object.is(value, -0)
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean'
}
