import type { Sort } from '@mqttspec/protocol'
import type { Meta } from '../operations/meta.ts'
import { type CompareValues, compareValuesOf } from './compare-values.ts'

type Row = Readonly<Record<string, unknown>>

/** The order of a read's rows, as far as a client can tell it. */
export interface RowOrder {
  /** What it goes by; the key comes last. */
  readonly columns: readonly string[]
  /** Can it tell the order of most rows? Not by text, whose collation Postgres alone knows. */
  readonly isKnown: boolean
  /** Negative when `a` comes first, 0 for the same place; undefined where only Postgres knows. */
  compare(a: Row, b: Row): number | undefined
  /** What tells one row from another, of an event's key or of a row. */
  keyOf(key: unknown): string
}

interface Term {
  readonly column: string
  readonly direction: 1 | -1
  readonly nullsFirst: boolean
  readonly values: CompareValues | undefined
}

/** The order that a sort makes of an entity's rows; undefined when it names what is no column, or shows no key. */
export function rowOrder(sort: readonly Sort[], meta: Meta): RowOrder | undefined {
  const types = new Map(meta.columns.map(({ name, type }) => [name, type]))
  const key = typeof meta.primary_key === 'string' ? [meta.primary_key] : meta.primary_key
  const named = new Set(sort.map(({ column }) => column))
  const byKey = key.filter((column) => !named.has(column)).map((column) => ({ column }))
  const terms = [...sort, ...byKey].map((term) => termOf(term, types.get(term.column)))
  if (key.length === 0 || [...named, ...key].some((column) => !types.has(column))) return undefined
  return {
    columns: terms.map(({ column }) => column),
    isKnown: terms[0]?.values !== undefined,
    compare: (a, b) => compareRows(terms, a, b),
    keyOf: (of) => JSON.stringify(typeof of === 'object' && of !== null ? key.map((name) => (of as Row)[name]) : [of]),
  }
}

function termOf({ column, direction, nulls }: Sort, type = ''): Term {
  const descending = direction?.toLowerCase() === 'desc'
  // Where nothing is said, NULL is greater than every value.
  const nullsFirst = nulls === undefined ? descending : nulls.toLowerCase() === 'first'
  return { column, direction: descending ? -1 : 1, nullsFirst, values: compareValuesOf(type) }
}

function compareRows(terms: readonly Term[], a: Row, b: Row): number | undefined {
  for (const { column, direction, nullsFirst, values } of terms) {
    const [x = null, y = null] = [a[column], b[column]]
    if (x === y) continue
    if (x === null || y === null) return (x === null) === nullsFirst ? -1 : 1
    const order = values?.(x, y)
    if (order === undefined) return undefined
    if (order !== 0) return order * direction
  }
  return 0
}
