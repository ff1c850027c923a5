import type { Folding } from './operator.ts'

const MANY = Symbol('%')
const ONE = Symbol('_')
type Token = string | typeof MANY | typeof ONE

/** Escapes what a pattern would read as a wildcard, so that it stands for itself. */
export const literally = (part: string): string => part.replace(/[\\%_]/g, '\\$&')

/** Does a pattern end in a lone backslash, which escapes nothing? Postgres refuses it. */
export const endsInEscape = (pattern: string): boolean => (/\\*$/.exec(pattern)?.[0].length ?? 0) % 2 === 1

/** Letters without their case, as `ilike` compares them. */
export function fold(value: string, folding: Folding): string {
  if (folding === 'ascii') return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  let folded = ''
  // One character at a time: Postgres knows no final sigma, and no letter that becomes two.
  for (const character of value) {
    const lower = character.toLowerCase()
    folded += character === 'İ' ? 'i' : lower.length > character.length ? character : lower
  }
  return folded
}

/** Compiles a pattern of SQL's `like` to a test. */
export function likePattern(pattern: string): (value: string) => boolean {
  const tokens = tokensOf(pattern)
  return tokens.includes(ONE) ? byCharacters(tokens) : byParts(partsOf(tokens))
}

/** Without `_` a pattern is parts that follow each other, the first at the beginning and the last at the end. */
function byParts([first = '', ...rest]: readonly string[]): (value: string) => boolean {
  const last = rest.at(-1)
  if (last === undefined) return (value) => value === first
  const between = rest.slice(0, -1)
  return (value) => {
    if (!value.startsWith(first)) return false
    let at = first.length
    for (const part of between) {
      const found = value.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return value.length - last.length >= at && value.endsWith(last)
  }
}

/** What stands between the `%` of a pattern. */
function partsOf(tokens: readonly Token[]): readonly string[] {
  const parts = ['']
  for (const token of tokens) {
    if (token === MANY) parts.push('')
    else parts.push((parts.pop() ?? '') + String(token))
  }
  return parts
}

/**
 * Two pointers and one place to come back to: a regular expression would take exponential time on `%a%a%a…%b`.
 */
function byCharacters(tokens: readonly Token[]): (value: string) => boolean {
  return (value) => {
    const characters = Array.from(value)
    let at = 0
    let token = 0
    let lastMany = -1
    let retryAt = 0
    while (at < characters.length) {
      const expected = tokens[token]
      if (expected === MANY) {
        lastMany = token++
        retryAt = at
      } else if (expected === ONE || (expected !== undefined && expected === characters[at])) {
        token++
        at++
      } else if (lastMany >= 0) {
        token = lastMany + 1
        at = ++retryAt
      } else return false
    }
    while (tokens[token] === MANY) token++
    return token === tokens.length
  }
}

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = []
  const characters = Array.from(pattern)
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]
    if (character === '%') {
      if (tokens.at(-1) !== MANY) tokens.push(MANY)
    } else if (character === '_') tokens.push(ONE)
    else if (character === '\\') tokens.push(characters[++index] ?? '\\')
    else tokens.push(character ?? '')
  }
  return tokens
}
