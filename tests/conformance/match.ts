const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/

/**
 * Why a message is not as a case says, or undefined when it is: objects match as subsets, arrays in order and in full
 * length, and `$ts`, `$str`, `$int`, `$absent` stand for what they say.
 */
export function mismatch(actual: unknown, expected: unknown, at = '$'): string | undefined {
  if (typeof expected === 'string' && expected.startsWith('$')) return tokenMismatch(actual, expected, at)
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return differs(actual, expected, at)
    return first(expected.map((item, index) => mismatch(actual[index], item, `${at}[${index}]`)))
  }
  if (typeof expected === 'object' && expected !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return differs(actual, expected, at)
    const fields = actual as Record<string, unknown>
    return first(Object.entries(expected).map(([key, value]) => mismatch(fields[key], value, `${at}.${key}`)))
  }
  return Object.is(actual, expected) ? undefined : differs(actual, expected, at)
}

function tokenMismatch(actual: unknown, token: string, at: string): string | undefined {
  const holds: Record<string, boolean> = {
    $ts: typeof actual === 'string' && TIME.test(actual),
    $str: typeof actual === 'string' && actual !== '',
    $int: Number.isInteger(actual),
    $absent: actual === undefined,
  }
  if (!(token in holds)) throw new Error(`the case has an unknown token ${token}`)
  return holds[token] ? undefined : differs(actual, token, at)
}

const first = (reasons: readonly (string | undefined)[]) => reasons.find((reason) => reason !== undefined)
const differs = (actual: unknown, expected: unknown, at: string) =>
  `${at} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`
