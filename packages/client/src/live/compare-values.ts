/** The order of two values of one type, none of them null, as Postgres has it; undefined where only Postgres knows. */
export type CompareValues = (a: unknown, b: unknown) => number | undefined

/**
 * How values of a column are ordered, by its type as `meta` tells it. Of text, whose order is a collation's, and of all
 * types that are not here, only equality is known.
 */
export function compareValuesOf(type: string): CompareValues | undefined {
  const name = type.toLowerCase().replace(/ *\([^)]*\)/, '')
  return Object.hasOwn(BY_TYPE, name) ? BY_TYPE[name] : undefined
}

const order = <Value>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)

const compareNumbers: CompareValues = (a, b) => order(Number(a), Number(b))

// As Postgres has it, NaN equals itself and is greater than every other.
const compareFloats: CompareValues = (a, b) =>
  a === 'NaN' || b === 'NaN' ? order(a === 'NaN', b === 'NaN') : compareNumbers(a, b)

const DIGITS = /^(-?)(\d+)(?:\.(\d+))?$/

const compareDecimals: CompareValues = (a, b) => {
  const [one, two] = [DIGITS.exec(String(a)), DIGITS.exec(String(b))]
  if (!one || !two) return undefined
  const scale = Math.max(one[3]?.length ?? 0, two[3]?.length ?? 0)
  const [x, y] = [one, two].map(([, sign = '', whole = '', fraction = '']) => {
    return BigInt(`${sign}${whole}${fraction.padEnd(scale, '0')}`)
  })
  return x === undefined || y === undefined ? undefined : order(x, y)
}

const TIME = /^(\d{4}-\d\d-\d\d)?T?(\d\d:\d\d:\d\d)?(?:\.(\d{1,6}))?(?:\+00:00)?$/

// Years before Christ, those of five digits and infinity are written otherwise, and left to Postgres.
const compareTimes: CompareValues = (a, b) => {
  const [one, two] = [TIME.exec(String(a)), TIME.exec(String(b))]
  if (!one || !two) return undefined
  const [x, y] = [one, two].map(
    ([, date = '', time = '', fraction = '']) => `${date} ${time} ${fraction.padEnd(6, '0')}`,
  )
  return order(x, y)
}

const BY_TYPE: Readonly<Record<string, CompareValues>> = {
  smallint: compareNumbers,
  integer: compareNumbers,
  serial: compareNumbers,
  smallserial: compareNumbers,
  bigint: compareDecimals,
  bigserial: compareDecimals,
  numeric: compareDecimals,
  decimal: compareDecimals,
  real: compareFloats,
  'double precision': compareFloats,
  boolean: (a, b) => order(a === true, b === true),
  // In lower-case hexadecimal, which is the order of its bytes.
  uuid: (a, b) => order(String(a), String(b)),
  date: compareTimes,
  time: compareTimes,
  timestamp: compareTimes,
  'time without time zone': compareTimes,
  'timestamp without time zone': compareTimes,
  'timestamp with time zone': compareTimes,
}
