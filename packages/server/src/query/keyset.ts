import { cellSql } from './cell.ts'
import type { SortTerm } from './read.ts'
import type { SqlText } from './sql-text.ts'

/** The same order from its other end. */
export function reversed(sort: readonly SortTerm[]): readonly SortTerm[] {
  return sort.map((term) => ({ ...term, descending: !term.descending, nulls: nullsFirst(term) ? 'last' : 'first' }))
}

/** Where NULLs are: where the term says, else where Postgres puts them, as if they were the largest value. */
const nullsFirst = ({ nulls, descending }: SortTerm): boolean => (nulls ? nulls === 'first' : descending)

/**
 * The SQL that holds for the rows after the one with these sort values, in this order. The last term is unique, so
 * that no tie is lost.
 */
export function afterSql(
  sort: readonly SortTerm[],
  values: readonly (string | null)[],
  alias: string,
  sql: SqlText,
): string {
  const cells = sort.map(({ column }) => cellSql(column, alias, sql))
  const bound = sort.map(({ column }, index) => {
    const value = values[index] ?? null
    return value === null ? null : sql.bindText(value, column.kind.cast)
  })
  if (isOneDirection(sort)) {
    return `(${cells.join(', ')}) ${sort[0]?.descending ? '<' : '>'} (${bound.join(', ')})`
  }
  const ways = sort.map((term, index) => {
    const ties = cells.slice(0, index).map((cell, tie) => (bound[tie] ? `${cell} = ${bound[tie]}` : `${cell} is null`))
    return [...ties, beyond(term, cells[index] ?? '', bound[index] ?? null)].join(' and ')
  })
  return ways.map((way) => `(${way})`).join(' or ')
}

// A row comparison can use an index on all its columns, but knows no NULL and no mixed directions.
function isOneDirection(sort: readonly SortTerm[]): boolean {
  return sort.every(({ column, descending }) => !column.nullable && descending === sort[0]?.descending)
}

/** The cell comes after the value in this term's order. */
function beyond(term: SortTerm, cell: string, value: string | null): string {
  if (value === null) return nullsFirst(term) ? `${cell} is not null` : 'false'
  const after = `${cell} ${term.descending ? '<' : '>'} ${value}`
  return term.column.nullable && !nullsFirst(term) ? `(${after} or ${cell} is null)` : after
}
