import type { Column } from '../entity/entity.ts'
import { findOperator } from '../operators/operators.ts'
import type { Comparison, Path } from './condition.ts'

/** The column holds this value, given as it came and as a literal; null is NULL. */
export function equals(column: Column, value: unknown, text: string | null, path: Path = []): Comparison {
  const name = text === null ? 'is_null' : 'eq'
  const operator = findOperator(name)
  if (!operator) throw new Error(`the operator ${name} is missing`)
  const operand = { column, kind: column.kind, part: [], form: 'column' } as const
  if (text === null) return { is: 'comparison', operand, operator, values: [], literals: [], path }
  return { is: 'comparison', operand, operator, values: [value], literals: [{ text, cast: column.kind.cast }], path }
}
