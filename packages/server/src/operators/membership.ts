import type { ColumnKind } from '../column/column-kind.ts'
import type { CellTest, Operator } from './operator.ts'

/** A list's values: a set where equality is by identity and there are some, else to be looked through. */
type Listed = ReadonlySet<unknown> | readonly unknown[]

function listed({ memory }: ColumnKind, values: readonly unknown[]): Listed {
  const decoded = values.map((value) => memory?.decode(value))
  const isById = decoded.every((value) => typeof value === 'string' || typeof value === 'bigint')
  return isById && decoded.length > 0 ? new Set(decoded) : decoded
}

function finder({ memory }: ColumnKind): (cell: unknown, list: Listed) => boolean {
  if (!memory) throw new Error('a list cannot be searched in memory for this type')
  return (cell, list) => {
    const value = memory.decode(cell)
    if (list instanceof Set) return list.has(value)
    return (list as readonly unknown[]).some((each) => memory.equal(value, each))
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
    wanted: listed,
    test(kind): CellTest {
      const has = finder(kind)
      return (cell, wanted) => {
        // Nothing is in no list, NULL neither.
        if ((wanted as readonly unknown[]).length === 0) return false
        return cell === null ? null : has(cell, wanted as Listed)
      }
    },
  },
  {
    name: 'not_in',
    spellings: ['notin', 'nin', 'not in'],
    takes: 'list',
    needs: 'equality',
    // `<> all ('{}')` holds for NULL too: an empty list is to match all that is not null, and of NULL nothing is known.
    sql: (column, [list]) => `(${column} <> all(${list}) and (${column} is not null or null))`,
    wanted: listed,
    test(kind): CellTest {
      const has = finder(kind)
      return (cell, wanted) => (cell === null ? null : !has(cell, wanted as Listed))
    },
  },
]
