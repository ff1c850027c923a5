import { SpecError } from '@mqttspec/protocol'
import type { Truth } from '../../operators/operator.ts'
import { hasElement } from '../../operators/pattern.ts'
import type { Comparison, Condition, Operand, Path } from '../../query/condition.ts'
import type { Row } from '../change.ts'

/** Tests a row as SQL would: true, false, or unknown where NULL makes it so. */
export type RowTest = (row: Row) => Truth

/**
 * Compiles a condition to a test in memory, by the same operators that make its SQL.
 *
 * Throws `invalid_options`, with the filter's path, for what only Postgres can decide.
 */
export function compileCondition(condition: Condition): RowTest {
  switch (condition.is) {
    case 'all':
      return conjunction(condition.of.map(compileCondition))
    case 'any':
      return disjunction(condition.of.map(compileCondition))
    case 'not':
      return negation(compileCondition(condition.of))
    case 'comparison':
      return compileComparison(condition)
    case 'expression':
      throw undecidable(
        'A subscription cannot use an operator of the server’s own: only Postgres can decide it.',
        condition.path,
      )
  }
}

function conjunction(tests: readonly RowTest[]): RowTest {
  return (row) => {
    let result: Truth = true
    for (const test of tests) {
      const truth = test(row)
      if (truth === false) return false
      if (truth === null) result = null
    }
    return result
  }
}

function disjunction(tests: readonly RowTest[]): RowTest {
  return (row) => {
    let result: Truth = false
    for (const test of tests) {
      const truth = test(row)
      if (truth === true) return true
      if (truth === null) result = null
    }
    return result
  }
}

function negation(test: RowTest): RowTest {
  return (row) => {
    const truth = test(row)
    return truth === null ? null : !truth
  }
}

function compileComparison({ operand, operator, values, path }: Comparison): RowTest {
  const kind = operator === hasElement ? (operand.kind.element ?? operand.kind) : operand.kind
  const memory = kind.memory
  const able =
    operator.needs === 'nothing' ||
    (operator.needs === 'equality' && memory !== undefined) ||
    (operator.needs === 'order' && memory?.order !== undefined) ||
    (operator.needs === 'text' && memory?.text !== undefined)
  if (!able || operand.column.expression) {
    throw undecidable(
      `A subscription cannot use ${operator.name} on ${operand.column.name}: only Postgres can decide it for ${kind.type}.`,
      [...path, 'operator'],
    )
  }
  const test = operator.test(kind, values, operand.column.folding)
  const cellOf = reader(operand)
  return (row) => test(cellOf(row))
}

const undecidable = (message: string, path: Path) => new SpecError('invalid_options', message, { path: [...path] })

function reader({ column, part, form }: Operand): (row: Row) => unknown {
  const { name } = column
  if (form === 'column') return (row) => row[name] ?? null
  const partOf = (row: Row) => part.reduce<unknown>(step, row[name]) ?? null
  if (form === 'json') return partOf
  const wanted = form === 'json-number' ? 'number' : 'string'
  return (row) => {
    const value = partOf(row)
    return typeof value === wanted ? value : null
  }
}

/** One step of Postgres's `#>`: a key of an object, or a position in an array, from its end if negative. */
function step(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^-?\d+$/.test(key) ? value.at(Number(key)) : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}
