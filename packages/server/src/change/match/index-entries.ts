import type { MemoryComparison } from '../../column/column-kind.ts'
import type { Comparison, Condition } from '../../query/condition.ts'

/** A value that is looked up: one that is equal in Postgres just when it is the same here. */
export type Scalar = string | number | bigint | boolean

/** Values of one column from `low` to `high`, both included; undefined is open. A row that matches is in there. */
export interface Range {
  readonly column: string
  readonly low: unknown
  readonly high: unknown
}

/**
 * One way in which a row may match a condition: these columns have these values, and one more is in a range. A row that
 * matches fits one of a condition's ways; one that fits need not match.
 */
export interface IndexEntry {
  readonly equal: ReadonlyMap<string, Scalar>
  readonly range: Range | undefined
}

/** With more values than this a list is looked through, not looked up. */
const MAX_LISTED = 32
/** Alternatives that a condition is taken apart into. */
const MAX_BRANCHES = 32
/** Entries of one condition, all its alternatives and lists together. */
const MAX_ENTRIES = 64

/** The ways in which a row may match a condition; none for one that no row matches. */
export function indexEntries(condition: Condition): readonly IndexEntry[] {
  const branches = branchesOf(condition)
  const most = Math.floor(MAX_ENTRIES / Math.max(branches.length, 1))
  return branches.flatMap((branch) => entriesOf(branch, most))
}

/** A condition as alternatives, each of comparisons that must all hold; what does not fit that form is left out. */
function branchesOf(condition: Condition): readonly (readonly Comparison[])[] {
  switch (condition.is) {
    case 'comparison':
      return [[condition]]
    case 'all':
      return condition.of.reduce<readonly (readonly Comparison[])[]>(combined, [[]])
    case 'any': {
      const branches = condition.of.flatMap(branchesOf)
      return branches.length > MAX_BRANCHES ? [[]] : branches
    }
    default:
      return [[]]
  }
}

function combined(branches: readonly (readonly Comparison[])[], next: Condition): readonly (readonly Comparison[])[] {
  const more = branchesOf(next)
  // An alternative that nothing can be looked up by would only multiply the entries of the others.
  const helps = more.length <= 1 || more.every((branch) => branch.some(isIndexable))
  if (!helps || branches.length * more.length > MAX_BRANCHES) return branches
  return branches.flatMap((branch) => more.map((another) => [...branch, ...another]))
}

const isIndexable = (comparison: Comparison): boolean =>
  keysOf(comparison) !== undefined || rangeOf(comparison) !== undefined

/** The entries of one alternative: by all the values that it fixes, as far as their combinations are few. */
function entriesOf(branch: readonly Comparison[], most: number): readonly IndexEntry[] {
  const fixed = new Map<string, readonly Scalar[]>()
  for (const comparison of branch) {
    const keys = keysOf(comparison)
    const { name } = comparison.operand.column
    if (keys && keys.length < (fixed.get(name)?.length ?? Number.POSITIVE_INFINITY)) fixed.set(name, keys)
  }
  const range = narrowest(branch, fixed)
  let entries: readonly Map<string, Scalar>[] = [new Map()]
  for (const [column, keys] of [...fixed].sort(([, left], [, right]) => left.length - right.length)) {
    if (entries.length * keys.length > most) break
    entries = entries.flatMap((entry) => keys.map((key) => new Map([...entry, [column, key]])))
  }
  return entries.map((equal) => ({ equal, range }))
}

function keysOf({ operand, operator, values }: Comparison): readonly Scalar[] | undefined {
  const { memory } = operand.kind
  if (!memory || operand.form !== 'column' || (operator.name !== 'eq' && operator.name !== 'in')) return undefined
  if (values.length > MAX_LISTED) return undefined
  const keys = values.map((value) => memory.decode(value))
  return keys.every(isScalar) ? [...new Set(keys)] : undefined
}

/** A float can be NaN or -0, where being equal and being the same are two things: it is none. */
function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return Number.isInteger(value) && !Object.is(value, -0)
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean'
}

/** The range of one column that is closed at both ends, or else of the first that has any. */
function narrowest(branch: readonly Comparison[], fixed: ReadonlyMap<string, unknown>): Range | undefined {
  const ranges = new Map<string, Range>()
  for (const comparison of branch) {
    const range = rangeOf(comparison)
    if (!range || fixed.has(range.column)) continue
    const before = ranges.get(range.column)
    ranges.set(range.column, before ? both(before, range, comparison.operand.kind.memory) : range)
  }
  const all = [...ranges.values()]
  return all.find(({ low, high }) => low !== undefined && high !== undefined) ?? all[0]
}

function rangeOf({ operand, operator, values }: Comparison): Range | undefined {
  const { memory } = operand.kind
  if (!memory?.order || operand.form !== 'column') return undefined
  const column = operand.column.name
  const [first, second] = values.map((value) => memory.decode(value))
  switch (operator.name) {
    case 'gt':
    case 'gte':
      return { column, low: first, high: undefined }
    case 'lt':
    case 'lte':
      return { column, low: undefined, high: first }
    case 'between':
    case 'between_inclusive':
      return { column, low: first, high: second }
    default:
      return undefined
  }
}

function both(one: Range, another: Range, memory: MemoryComparison | undefined): Range {
  const order = memory?.order ?? (() => 0)
  const further = (left: unknown, right: unknown, sign: 1 | -1) =>
    left === undefined || (right !== undefined && order(right, left) * sign > 0) ? right : left
  return { column: one.column, low: further(one.low, another.low, 1), high: further(one.high, another.high, -1) }
}
