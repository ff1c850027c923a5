import { ExactNumber, SpecError } from '@mqttspec/protocol'
import type { CellTest, Truth } from '../../operators/operator.ts'
import { hasElement } from '../../operators/pattern.ts'
import { type Comparison, type Condition, EVERY_ROW, type Operand, type Path } from '../../query/condition.ts'
import type { Row } from '../change.ts'

/** Tests a row as SQL would: true, false, or unknown where NULL makes it so. */
export interface RowTest {
  test(row: Row): Truth
}

/** What conditions of one form have in common; what each wants comes along, a value for each comparison. */
type Form = (row: Row, wanted: readonly unknown[]) => Truth

/** Forms that are kept. Clients choose them, so that there is no end of them. */
const MAX_FORMS = 1_000

const always: RowTest = { test: () => true }

/**
 * Compiles conditions to tests in memory, by the same operators that make their SQL. There may be a hundred thousand,
 * and few forms of them: a form is compiled once, and each test holds its own values and no more.
 */
export class RowTests {
  readonly #forms = new Map<string, Form>()
  readonly #columns = new Map<Comparison['operand']['column'], number>()

  /** Throws `invalid_options`, with the filter's path, for what only Postgres can decide. */
  of(condition: Condition): RowTest {
    if (condition === EVERY_ROW) return always
    const comparisons: Comparison[] = []
    const name = this.#nameForm(condition, comparisons)
    return new FormTest(this.#forms.get(name) ?? this.#compile(name, condition), comparisons.map(wantedOf))
  }

  #compile(name: string, condition: Condition): Form {
    if (this.#forms.size >= MAX_FORMS) this.#forms.clear()
    const form = compile(condition, { next: 0 })
    this.#forms.set(name, form)
    return form
  }

  /** A condition without its values, as a text; its comparisons, in their order. */
  #nameForm(condition: Condition, comparisons: Comparison[]): string {
    switch (condition.is) {
      case 'all':
      case 'any':
        return `${condition.is}(${condition.of.map((each) => this.#nameForm(each, comparisons)).join(' ')})`
      case 'not':
        return `not ${this.#nameForm(condition.of, comparisons)}`
      case 'comparison':
        comparisons.push(condition)
        return this.#nameComparison(condition)
      case 'expression':
        throw undecidable(
          'A subscription cannot use an operator of the server’s own: only Postgres can decide it.',
          condition.path,
        )
    }
  }

  #nameComparison({ operand: { column, form, part }, operator }: Comparison): string {
    const number = this.#columns.get(column) ?? this.#columns.size
    this.#columns.set(column, number)
    return JSON.stringify([number, form, part, operator.name])
  }
}

class FormTest implements RowTest {
  readonly #form: Form
  readonly #wanted: readonly unknown[]

  constructor(form: Form, wanted: readonly unknown[]) {
    this.#form = form
    this.#wanted = wanted
  }

  test(row: Row): Truth {
    return this.#form(row, this.#wanted)
  }
}

const kindOf = ({ operand, operator }: Comparison) =>
  operator === hasElement ? (operand.kind.element ?? operand.kind) : operand.kind

const wantedOf = (comparison: Comparison): unknown =>
  comparison.operator.wanted(kindOf(comparison), comparison.values, comparison.operand.column.folding)

/** `numbering` counts comparisons in the order in which they stand, in which their wanted values come. */
function compile(condition: Condition, numbering: { next: number }): Form {
  switch (condition.is) {
    case 'all':
      return conjunction(compileAll(condition.of, numbering))
    case 'any':
      return disjunction(compileAll(condition.of, numbering))
    case 'not':
      return negation(compile(condition.of, numbering))
    case 'comparison':
      return compileComparison(condition, numbering.next++)
    case 'expression':
      throw new Error('an expression of the server’s own has no form')
  }
}

/** In which order terms are tested is nobody's business: what is decided soon spares the rest. */
const compileAll = (of: readonly Condition[], numbering: { next: number }): readonly Form[] =>
  of
    .map((each) => ({ cost: costOf(each), form: compile(each, numbering) }))
    .sort((left, right) => left.cost - right.cost)
    .map(({ form }) => form)

function costOf(condition: Condition): number {
  if (condition.is !== 'comparison') return 5
  return { nothing: 0, equality: 1, order: 2, text: 4 }[condition.operator.needs]
}

function conjunction(forms: readonly Form[]): Form {
  return (row, wanted) => {
    let result: Truth = true
    for (const form of forms) {
      const truth = form(row, wanted)
      if (truth === false) return false
      if (truth === null) result = null
    }
    return result
  }
}

function disjunction(forms: readonly Form[]): Form {
  return (row, wanted) => {
    let result: Truth = false
    for (const form of forms) {
      const truth = form(row, wanted)
      if (truth === true) return true
      if (truth === null) result = null
    }
    return result
  }
}

function negation(form: Form): Form {
  return (row, wanted) => {
    const truth = form(row, wanted)
    return truth === null ? null : !truth
  }
}

function compileComparison(comparison: Comparison, at: number): Form {
  const { operand, operator, path } = comparison
  const kind = kindOf(comparison)
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
  return onCell(operand, at, operator.test(kind, operand.column.folding))
}

function onCell(operand: Operand, at: number, test: CellTest): Form {
  const { name } = operand.column
  if (operand.form === 'column') return (row, wanted) => test(row[name] ?? null, wanted[at])
  const cellOf = reader(operand)
  return (row, wanted) => test(cellOf(row), wanted[at])
}

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
