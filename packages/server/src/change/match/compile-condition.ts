import { ExactNumber, SpecError } from '@mqttspec/protocol'
import type { Truth } from '../../operators/operator.ts'
import { hasElement } from '../../operators/pattern.ts'
import { type Comparison, type Condition, EVERY_ROW, type Operand, type Path } from '../../query/condition.ts'
import type { Row } from '../change.ts'

/** Tests a row as SQL would: true, false, or unknown where NULL makes it so. */
export type RowTest = (row: Row) => Truth

/**
 * Compiles a condition to a test in memory, by the same operators that make its SQL.
 *
 * Throws `invalid_options`, with the filter's path, for what only Postgres can decide.
 */
export function compileCondition(condition: Condition): RowTest {
  if (condition === EVERY_ROW) return always
  switch (condition.is) {
    case 'all':
      return conjunction(cheapestFirst(condition.of).map(compileCondition))
    case 'any':
      return disjunction(cheapestFirst(condition.of).map(compileCondition))
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

const always: RowTest = () => true

/** In which order terms are tested is nobody's business: what is decided soon spares the rest. */
const cheapestFirst = (of: readonly Condition[]): readonly Condition[] =>
  [...of].sort((left, right) => costOf(left) - costOf(right))

function costOf(condition: Condition): number {
  if (condition.is !== 'comparison') return 5
  return { nothing: 0, equality: 1, order: 2, text: 4 }[condition.operator.needs]
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
  return onCell(operand, operator.test(kind, values, operand.column.folding))
}

// Most look at a whole column, and there are many: by themselves, since they hold on to what is around them.
function onCell(operand: Operand, test: (cell: unknown) => Truth): RowTest {
  return operand.form === 'column' ? onColumn(operand.column.name, test) : onPart(reader(operand), test)
}

const onColumn =
  (name: string, test: (cell: unknown) => Truth): RowTest =>
  (row) =>
    test(row[name] ?? null)

const onPart =
  (cellOf: (row: Row) => unknown, test: (cell: unknown) => Truth): RowTest =>
  (row) =>
    test(cellOf(row))

const undecidable = (message: string, path: Path) => new SpecError('invalid_options', message, { path: [...path] })

function reader({ column, part, form }: Operand): (row: Row) => unknown {
  const { name } = column
  const partOf = (row: Row) => part.reduce<unknown>(step, row[name]) ?? null
  if (form === 'json') return partOf
  const wanted = form === 'json-number' ? 'number' : 'string'
  return (row) => {
    const value = partOf(row)
    return typeof value === wanted || (wanted === 'number' && value instanceof ExactNumber) ? value : null
  }
}

/** One step of Postgres's `#>`: a key of an object, or a position in an array, from its end if negative. */
function step(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return /^-?\d+$/.test(key) ? value.at(Number(key)) : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  if (value instanceof ExactNumber) return undefined
  return (value as Record<string, unknown>)[key]
}
