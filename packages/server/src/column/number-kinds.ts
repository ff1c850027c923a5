import { asText, type ColumnKind, identity, natural, plain, same } from './column-kind.ts'

const WHOLE = /^[+-]?\d{1,30}$/

/** A whole number of at most 53 bits as a JSON number: int2, int4 and their serials. */
export function smallInteger(type: string, cast: string, bits: 16 | 32): ColumnKind {
  const limit = 2 ** (bits - 1)
  return {
    type,
    cast,
    expects: `a whole number from ${-limit} to ${limit - 1}`,
    encode(value) {
      const number = typeof value === 'string' && WHOLE.test(value) ? Number(value) : value
      if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
      return number >= -limit && number < limit ? String(number) : undefined
    },
    select: plain,
    sql: { equality: true, order: true, text: 'cast' },
    memory: { decode: Number, equal: same, order: natural, text: String },
  }
}

/** int8: a string on the wire, since a JSON number loses digits beyond 2^53. */
export function bigInteger(type: string): ColumnKind {
  return {
    type,
    cast: 'int8',
    expects: 'a whole number of at most 64 bits, as a string beyond 2^53',
    encode(value) {
      if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
      if (typeof value !== 'string' || !WHOLE.test(value)) return undefined
      const integer = BigInt(value.replace('+', ''))
      return BigInt.asIntN(64, integer) === integer ? integer.toString() : undefined
    },
    select: asText,
    sql: { equality: true, order: true, text: 'cast' },
    memory: { decode: (value) => BigInt(value as string), equal: same, order: natural, text: String },
  }
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/
const SPECIAL = /^(NaN|-?Infinity)$/

/** numeric: a string on the wire, with every digit. */
export function decimal(type: string): ColumnKind {
  return {
    type,
    cast: 'numeric',
    expects: 'a decimal number, as a string where digits matter',
    encode(value) {
      if (typeof value === 'number') {
        return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined
      }
      if (typeof value !== 'string' || value.length > 2_000) return undefined
      if (!DECIMAL.test(value)) return SPECIAL.test(value) ? value : undefined
      return Math.abs(decodeDecimal(value).exponent) <= 16_000 ? value : undefined
    },
    select: asText,
    sql: { equality: true, order: true, text: 'cast' },
    memory: {
      decode: decodeDecimal,
      equal: (left, right) => orderDecimals(left as Decimal, right as Decimal) === 0,
      order: (left, right) => orderDecimals(left as Decimal, right as Decimal),
      text: String,
    },
  }
}

/** `sign × 0.digits × 10^exponent`, with no zeros around the digits; specials have a `rank` beyond every number. */
interface Decimal {
  readonly sign: -1 | 0 | 1
  readonly digits: string
  readonly exponent: number
  readonly rank: -1 | 0 | 1 | 2
}

function decodeDecimal(value: unknown): Decimal {
  const text = String(value)
  if (text === 'NaN') return { sign: 0, digits: '', exponent: 0, rank: 2 }
  if (text.endsWith('Infinity')) return { sign: 0, digits: '', exponent: 0, rank: text.startsWith('-') ? -1 : 1 }
  const [mantissa = '', power = '0'] = text.toLowerCase().replace(/^[+-]/, '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = `${whole}${fraction}`
  const leading = digits.length - digits.replace(/^0+/, '').length
  const trimmed = digits.slice(leading).replace(/0+$/, '')
  if (trimmed === '') return { sign: 0, digits: '', exponent: 0, rank: 0 }
  return {
    sign: text.startsWith('-') ? -1 : 1,
    digits: trimmed,
    exponent: whole.length - leading + Number(power),
    rank: 0,
  }
}

// NaN equals itself and is above everything in Postgres.
function orderDecimals(left: Decimal, right: Decimal): number {
  if (left.rank !== 0 || right.rank !== 0) return left.rank - right.rank
  if (left.sign !== right.sign) return left.sign - right.sign
  if (left.exponent !== right.exponent) return (left.exponent - right.exponent) * left.sign
  return natural(left.digits, right.digits) * left.sign
}

/** float4 and float8: JSON numbers; NaN and the infinities are strings. */
export function float(type: string, cast: 'float4' | 'float8'): ColumnKind {
  const greatest = cast === 'float4' ? 3.4028235677973366e38 : Number.MAX_VALUE
  return {
    type,
    cast,
    expects: 'a number',
    encode(value) {
      const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value
      if (typeof number === 'number') return Math.abs(number) <= greatest ? String(number) : undefined
      return typeof number === 'string' && SPECIAL.test(number) ? number : undefined
    },
    select: plain,
    sql: { equality: true, order: true, text: 'cast' },
    memory: {
      decode: cast === 'float4' ? (value) => Math.fround(Number(value)) : Number,
      equal: (left, right) => Object.is(left, right) || left === right,
      order: orderFloats,
    },
  }
}

// NaN equals itself and is above everything in Postgres.
function orderFloats(left: unknown, right: unknown): number {
  const leftNaN = Number.isNaN(left)
  const rightNaN = Number.isNaN(right)
  return leftNaN || rightNaN ? Number(leftNaN) - Number(rightNaN) : natural(left, right)
}

/** boolean: false is below true. */
export const boolean: ColumnKind = {
  type: 'boolean',
  cast: 'bool',
  expects: 'true or false',
  encode: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  select: plain,
  sql: { equality: true, order: true, text: 'cast' },
  memory: { decode: identity, equal: same, order: natural, text: String },
}
