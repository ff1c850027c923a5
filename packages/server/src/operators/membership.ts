import type { ColumnKind } from '../column/column-kind.ts'
import type { Operator, Truth } from './operator.ts'

/** A list's values as a set where equality is by identity, else one by one. */
function finder({ memory }: ColumnKind, values: readonly unknown[]): (cell: unknown) => boolean {
  if (!memory) throw new Error('a list cannot be searched in memory for this type')
  const decoded = values.map((value) => memory.decode(value))
  if (decoded.every((value) => typeof value === 'string' || typeof value === 'bigint')) {
    const set = new Set<unknown>(decoded)
    return (cell) => set.has(memory.decode(cell))
  }
  return (cell) => {
    const wanted = memory.decode(cell)
    return decoded.some((value) => memory.equal(wanted, value))
  }
}

/** `in` and `not_in`. One parameter holds the whole list, so that every length is one statement. */
export const memberships: readonly Operator[] = [
  {
    name: 'in',
    spellings: [],
    takes: 'list',
    needs: 'equality',
    sql: (column, [list]) => `${column} = any(${list})`,
    test(kind, values) {
      if (values.length === 0) return () => false
      const has = finder(kind, values)
      return (cell): Truth => (cell === null ? null : has(cell))
    },
  },
  {
    name: 'not_in',
    spellings: ['notin', 'nin', 'not in'],
    takes: 'list',
    needs: 'equality',
    // `<> all ('{}')` holds for NULL too: an empty list is to match all that is not null, and of NULL nothing is known.
    sql: (column, [list]) => `(${column} <> all(${list}) and (${column} is not null or null))`,
    test(kind, values) {
      const has = finder(kind, values)
      return (cell): Truth => (cell === null ? null : !has(cell))
    },
  },
]
