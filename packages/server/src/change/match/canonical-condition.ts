import type { Comparison, Condition } from '../../query/condition.ts'

/**
 * A text that two conditions have in common only if they hold for the same rows: their terms in one order, each once,
 * without groups that only repeat the one around them.
 */
export function canonicalCondition(condition: Condition): string {
  switch (condition.is) {
    case 'all':
      return group('&', termsOf('all', condition))
    case 'any':
      return group('|', termsOf('any', condition))
    case 'not':
      return `!${canonicalCondition(condition.of)}`
    case 'comparison':
      return comparisonText(condition)
    case 'expression':
      throw new Error('an expression of the server’s own can not be told from another one')
  }
}

function group(sign: '&' | '|', terms: readonly string[]): string {
  const own = [...new Set(terms)].sort()
  const [only] = own
  return own.length === 1 && only !== undefined ? only : `${sign}(${own.join(' ')})`
}

/** The terms of an `all` in an `all` are its own; so with `any`. */
function termsOf(is: 'all' | 'any', condition: Condition): readonly string[] {
  if (condition.is === 'all' || condition.is === 'any') {
    if (condition.is === is || condition.of.length === 1) return condition.of.flatMap((each) => termsOf(is, each))
  }
  return [canonicalCondition(condition)]
}

// What SQL is given decides what a comparison means: the column with its form, the operator, and literals.
const comparisonText = ({ operand, operator, literals }: Comparison): string =>
  JSON.stringify([operand.column.name, operand.form, operand.part, operator.name, literals.map(({ text }) => text)])
