import { comparisons, ranges } from './comparison.ts'
import { memberships } from './membership.ts'
import { nullChecks } from './null-check.ts'
import type { Operator } from './operator.ts'
import { patterns } from './pattern.ts'

/** Every operator, one row each. To add one, add its row and a line in SPEC.md; the property test finds it here. */
export const OPERATORS: readonly Operator[] = [...comparisons, ...ranges, ...memberships, ...patterns, ...nullChecks]

const bySpelling = new Map(
  OPERATORS.flatMap((operator) =>
    [operator.name, ...operator.spellings].map((spelling) => [spelling, operator] as const),
  ),
)

/** The operator of this name or other spelling, in any case; undefined when there is none. */
export const findOperator = (spelling: string): Operator | undefined => bySpelling.get(spelling.trim().toLowerCase())
