import type { MemoryComparison } from '../column/column-kind.ts'
import type { Needs, Operator, Truth } from './operator.ts'

type Compare = (memory: MemoryComparison, cell: unknown, value: unknown) => boolean

const order = (memory: MemoryComparison, cell: unknown, value: unknown): number =>
  memory.order?.(cell, value) ?? Number.NaN

function comparison(
  name: string,
  spellings: readonly string[],
  needs: Needs,
  symbol: string,
  holds: Compare,
): Operator {
  return {
    name,
    spellings,
    takes: 'value',
    needs,
    sql: (column, [value]) => `${column} ${symbol} ${value}`,
    wanted: ({ memory }, [value]) => memory?.decode(value),
    test({ memory }) {
      if (!memory) throw new Error(`operator ${name} cannot be decided in memory`)
      return (cell, wanted): Truth => (cell === null ? null : holds(memory, memory.decode(cell), wanted))
    },
  }
}

const equal: Compare = (memory, cell, value) => memory.equal(cell, value)
const unequal: Compare = (memory, cell, value) => !memory.equal(cell, value)

/** `eq`, `neq`, `gt`, `gte`, `lt`, `lte`: SQL's own, in the column's type and collation. */
export const comparisons: readonly Operator[] = [
  comparison('eq', ['=', '==', 'equals', 'equal'], 'equality', '=', equal),
  comparison('neq', ['!=', '<>', 'ne', 'not_equals', 'not_equal', 'notequals'], 'equality', '<>', unequal),
  comparison('gt', ['>', 'greater_than', 'greaterthan'], 'order', '>', (...of) => order(...of) > 0),
  comparison(
    'gte',
    ['>=', 'greater_than_equals', 'greater_than_or_equal', 'greaterthanorequal', 'ge'],
    'order',
    '>=',
    (...of) => order(...of) >= 0,
  ),
  comparison('lt', ['<', 'less_than', 'lessthan'], 'order', '<', (...of) => order(...of) < 0),
  comparison(
    'lte',
    ['<=', 'less_than_equals', 'less_than_or_equal', 'lessthanorequal', 'le'],
    'order',
    '<=',
    (...of) => order(...of) <= 0,
  ),
]

function between(name: string, spellings: readonly string[], low: '>' | '>=', high: '<' | '<='): Operator {
  const inclusive = low === '>='
  return {
    name,
    spellings,
    takes: 'pair',
    needs: 'order',
    sql: (column, [from, to]) => `(${column} ${low} ${from} and ${column} ${high} ${to})`,
    wanted: ({ memory }, values) => values.map((value) => memory?.decode(value)),
    test({ memory }) {
      if (!memory) throw new Error(`operator ${name} cannot be decided in memory`)
      return (cell, wanted): Truth => {
        if (cell === null) return null
        const [lowest, highest] = wanted as readonly unknown[]
        const value = memory.decode(cell)
        const [above, below] = [order(memory, value, lowest), order(memory, value, highest)]
        return inclusive ? above >= 0 && below <= 0 : above > 0 && below < 0
      }
    },
  }
}

/** `between` without its ends, `between_inclusive` with them. */
export const ranges: readonly Operator[] = [
  between('between', [], '>', '<'),
  between('between_inclusive', ['betweeninclusive'], '>=', '<='),
]
