import { fold, likePattern, literally } from './like-pattern.ts'
import type { Operator, Takes } from './operator.ts'

type TextTest = (text: string) => boolean

function pattern(
  name: string,
  spellings: readonly string[],
  takes: Takes,
  symbol: 'like' | 'ilike',
  complete: (value: string) => string,
): Operator {
  return {
    name,
    spellings,
    takes,
    needs: 'text',
    sql: (column, [value]) => `${column} ${symbol} ${value}`,
    wanted(_kind, [value], folding): TextTest {
      const whole = complete(String(value))
      return likePattern(symbol === 'like' ? whole : fold(whole, folding))
    },
    test({ memory }, folding) {
      const text = memory?.text
      if (!text) throw new Error(`operator ${name} cannot be decided in memory`)
      const textOf = symbol === 'like' ? text : (cell: unknown) => fold(text(cell), folding)
      return (cell, matches) => (cell === null ? null : (matches as TextTest)(textOf(cell)))
    },
  }
}

/** How the value of `contains`, `startswith` and `endswith` becomes a pattern; of the others it is one. */
export const PATTERN_OF: Readonly<Record<string, (value: string) => string>> = {
  contains: (value) => `%${literally(value)}%`,
  startswith: (value) => `${literally(value)}%`,
  endswith: (value) => `%${literally(value)}`,
}

const asIs = (value: string): string => value

/** The operators on a column's text. */
export const patterns: readonly Operator[] = [
  pattern('like', [], 'pattern', 'like', asIs),
  pattern('ilike', [], 'pattern', 'ilike', asIs),
  pattern('contains', ['contain'], 'part', 'ilike', PATTERN_OF.contains ?? asIs),
  pattern('startswith', ['beginswith', 'starts_with', 'begins_with'], 'part', 'ilike', PATTERN_OF.startswith ?? asIs),
  pattern('endswith', ['ends_with'], 'part', 'ilike', PATTERN_OF.endswith ?? asIs),
]

/** `contains` on an array column: has the element. */
export const hasElement: Operator = {
  name: 'contains',
  spellings: ['contain'],
  takes: 'value',
  needs: 'equality',
  sql: (column, [value]) => `${value} = any(${column})`,
  wanted: ({ memory }, [value]) => memory?.decode(value),
  test({ memory }) {
    if (!memory) throw new Error('an element cannot be searched in memory for this type')
    // A null element makes "not found" unknown, as it does in SQL.
    return (cell, wanted) => {
      if (cell === null) return null
      const elements = cell as unknown[]
      if (elements.some((element) => element !== null && memory.equal(memory.decode(element), wanted))) return true
      return elements.includes(null) ? null : false
    }
  },
}
