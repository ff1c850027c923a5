import { type FilterCondition, SpecError } from '@mqttspec/protocol'
import { arrayOf } from '../column/array-kind.ts'
import type { ColumnKind } from '../column/column-kind.ts'
import { jsonBinary } from '../column/json-kinds.ts'
import { decimal } from '../column/number-kinds.ts'
import { isStorableText, text } from '../column/text-kinds.ts'
import type { Column, Entity } from '../entity/entity.ts'
import { endsInEscape } from '../operators/like-pattern.ts'
import type { Operator } from '../operators/operator.ts'
import { findOperator } from '../operators/operators.ts'
import { hasElement, PATTERN_OF } from '../operators/pattern.ts'
import type { Comparison, Literal, Operand, Path } from '../query/condition.ts'
import { codeAt } from './explain-issues.ts'
import { resolveColumn } from './resolve-columns.ts'
import type { FilterLimits } from './resolve-filters.ts'

/** Checks one comparison: its column, operator and value. Throws `invalid_options` with the path of what is wrong. */
export function resolveComparison(
  entity: Entity,
  filter: FilterCondition,
  limits: FilterLimits,
  path: Path,
): Comparison {
  const { column, part } = resolvePlace(entity, filter.column, [...path, 'column'])
  const operator = resolveOperator(filter.operator, column, part, [...path, 'operator'])
  const operand = resolveOperand(column, part, operator, filter.value)
  checkNeed(operand, operator, filter.column, path)
  const kind = operator === hasElement ? (operand.kind.element ?? operand.kind) : operand.kind
  const { values, literals } = resolveValues(operator, kind, filter.value, limits, [...path, 'value'])
  return { is: 'comparison', operand, operator, values, literals, path }
}

/** A column, or a path into a JSON column: `prefs.theme`. */
function resolvePlace(entity: Entity, name: string, path: Path): { column: Column; part: readonly string[] } {
  const whole = entity.columns.get(name) ?? entity.computed.get(name)
  if (whole) return { column: whole, part: [] }
  const [first = '', ...part] = name.split('.')
  const column = entity.columns.get(first)
  const isJson = column?.kind.cast === 'json' || column?.kind.cast === 'jsonb'
  if (!column || !isJson || part.length > 16 || part.some((key) => key === '' || !isStorableText(key))) {
    return { column: resolveColumn(entity, name, path), part: [] }
  }
  return { column, part }
}

function resolveOperator(name: string, column: Column, part: readonly string[], path: Path): Operator {
  const operator = findOperator(name)
  if (!operator) {
    throw new SpecError(codeAt(path), `There is no operator ${JSON.stringify(name.slice(0, 64))}.`, {
      path: [...path],
    })
  }
  return operator.name === 'contains' && part.length === 0 && column.kind.element ? hasElement : operator
}

function resolveOperand(column: Column, part: readonly string[], operator: Operator, value: unknown): Operand {
  if (part.length === 0) return { column, kind: column.kind, part, form: 'column' }
  if (operator.needs === 'equality' || operator.needs === 'nothing') {
    return { column, kind: jsonBinary, part, form: 'json' }
  }
  const sample = Array.isArray(value) ? value[0] : value
  return operator.needs === 'order' && typeof sample === 'number'
    ? { column, kind: decimal('numeric'), part, form: 'json-number' }
    : { column, kind: text('text', 'text', 'C'), part, form: 'json-text' }
}

function checkNeed({ kind }: Operand, operator: Operator, name: string, path: Path): void {
  const able =
    operator.needs === 'nothing' ||
    (operator.needs === 'equality' && (kind.sql.equality || operator === hasElement)) ||
    (operator.needs === 'order' && kind.sql.order) ||
    (operator.needs === 'text' && kind.sql.text !== 'none')
  // A list travels as one array, and an array of arrays would be one flat list to Postgres.
  if (able && !(operator.takes === 'list' && kind.element)) return
  throw new SpecError(codeAt(path), `${operator.name} cannot be asked of ${name}, which is ${kind.type}.`, {
    path: [...path, 'operator'],
  })
}

interface Values {
  readonly values: readonly unknown[]
  readonly literals: readonly Literal[]
}

function resolveValues(operator: Operator, kind: ColumnKind, value: unknown, limits: FilterLimits, path: Path): Values {
  switch (operator.takes) {
    case 'nothing':
      if (value === undefined || value === null || value === true) return { values: [], literals: [] }
      throw wrong(`${operator.name} takes no value`, path)
    case 'value':
      return { values: [value], literals: [encode(kind, value, path)] }
    case 'pair':
      if (!Array.isArray(value) || value.length !== 2) throw wrong(`${operator.name} takes [low, high]`, path)
      return { values: value, literals: value.map((end, index) => encode(kind, end, [...path, index])) }
    case 'list':
      return resolveList(operator, kind, value, limits, path)
    default:
      return resolvePattern(operator, value, limits, path)
  }
}

function resolveList(operator: Operator, kind: ColumnKind, value: unknown, limits: FilterLimits, path: Path): Values {
  if (!Array.isArray(value)) throw wrong(`${operator.name} takes a list`, path)
  if (value.length > limits.maxListValues) throw wrong(`a list has at most ${limits.maxListValues} values`, path)
  for (const [index, item] of value.entries()) encode(kind, item, [...path, index])
  const list = arrayOf(kind, `${kind.type}[]`)
  return { values: value, literals: [{ text: list.encode(value) ?? '{}', cast: list.cast }] }
}

function resolvePattern(operator: Operator, value: unknown, limits: FilterLimits, path: Path): Values {
  if (!isStorableText(value)) throw wrong(`${operator.name} takes text without NUL or half surrogates`, path)
  if (value.length > limits.maxPatternLength) {
    throw wrong(`a pattern has at most ${limits.maxPatternLength} characters`, path)
  }
  if (operator.takes === 'pattern' && endsInEscape(value)) {
    throw wrong('a pattern cannot end in a backslash that escapes nothing', path)
  }
  const complete = operator.takes === 'part' ? PATTERN_OF[operator.name] : undefined
  return { values: [value], literals: [{ text: complete ? complete(value) : value, cast: 'text' }] }
}

function encode(kind: ColumnKind, value: unknown, path: Path): Literal {
  if (value === null || value === undefined) throw wrong('null equals nothing in SQL: use is_null or is_not_null', path)
  const literal = kind.encode(value)
  if (literal === undefined) throw wrong(`expected ${kind.expects}`, path)
  return { text: literal, cast: kind.cast }
}

const wrong = (what: string, path: Path) =>
  new SpecError(codeAt(path), `${what.charAt(0).toUpperCase()}${what.slice(1)}.`, { path: [...path] })
