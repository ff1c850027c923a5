import { SpecError } from '../errors/spec-error.ts'
import type { Filter } from './filter.ts'

type Path = readonly (string | number)[]

/**
 * A `where` as the wire's filters, which are ANDed. Throws `invalid_options` for what would otherwise be left out in
 * silence, and a filter with it: undefined, or a column without a comparison.
 */
export function whereToFilters(where: object, path: Path = ['where']): Filter[] {
  return Object.entries(where).flatMap(([name, value]: [string, unknown]) => {
    const here = [...path, name]
    if (value === undefined) throw wrong(here, 'is undefined; leave it out, or use null for "is null"')
    if (name === 'and') return { and: groups(value, here) }
    if (name === 'or') return { or: groups(value, here) }
    if (name === 'not') return { not: group(value, here) }
    return conditions(name, value, here)
  })
}

function groups(list: unknown, path: Path): Filter[] {
  if (!Array.isArray(list)) throw wrong(path, 'must be a list')
  return list.map((where, index) => group(where, [...path, index]))
}

function group(where: unknown, path: Path): Filter {
  if (!isPlain(where)) throw wrong(path, 'must be an object of columns')
  const filters = whereToFilters(where, path)
  const [only] = filters
  return only && filters.length === 1 ? only : { and: filters }
}

function conditions(column: string, value: unknown, path: Path): Filter[] {
  if (value === null) return [{ column, operator: 'is_null' }]
  if (!isPlain(value)) return [{ column, operator: 'eq', value }]
  const comparisons = Object.entries(value)
  if (comparisons.length === 0) throw wrong(path, 'compares with nothing; to compare with a JSON value, use eq')
  return comparisons.map(([operator, operand]) => {
    if (operand === undefined) throw wrong([...path, operator], 'is undefined; leave it out')
    if (operator === 'is_null' || operator === 'is_not_null') {
      // `is_null: false` reads as its opposite.
      return { column, operator: (operator === 'is_null') === operand ? 'is_null' : 'is_not_null' }
    }
    return { column, operator, value: operand }
  })
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  )
}

const wrong = (path: Path, what: string) =>
  new SpecError('invalid_options', `${path.join('.')} ${what}.`, { path: [...path] })
