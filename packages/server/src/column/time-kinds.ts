import { type ColumnKind, natural, plain, same } from './column-kind.ts'

const DATE = /^(\d{4,6})-(\d\d)-(\d\d)( BC)?$/
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d{0,6})?)?$/
const MOMENT = /^(\d{4,6}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?))?(Z|[+-]\d\d(?::?\d\d)?)?( BC)?$/i
// What Go, Rust and Java write has nanoseconds. Postgres would round them, up to another day; here they are cut off.
const FINER = /(\.\d{6})\d+/
const MICROSECONDS_A_DAY = 86_400_000_000n
const INFINITE = new Map([
  ['infinity', 1n << 80n],
  ['-infinity', -(1n << 80n)],
])

/** Days since 1970-01-01 in the proleptic Gregorian calendar, or undefined when there is no such day. */
function daysOf(text: string): bigint | undefined {
  const match = DATE.exec(text)
  if (!match) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (year === 0 || year > 294_276) return undefined
  const date = new Date(0)
  date.setUTCFullYear(match[4] ? 1 - year : year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return BigInt(Math.round(date.getTime() / 86_400_000))
}

/** Microseconds since midnight, or undefined. 24:00 is the end of the day. */
function microsecondsOf(text: string): bigint | undefined {
  const match = TIME.exec(text)
  if (!match) return undefined
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  if (hours > 24 || minutes > 59 || seconds > 59 || (hours === 24 && minutes + seconds > 0)) return undefined
  return BigInt((hours * 60 + minutes) * 60 + seconds) * 1_000_000n + BigInt((match[4] ?? '').padEnd(6, '0'))
}

function offsetOf(zone: string | undefined): bigint | undefined {
  if (!zone || zone.toUpperCase() === 'Z') return 0n
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0)
  if (minutes > 15 * 60 + 59) return undefined
  return BigInt(zone.startsWith('-') ? -minutes : minutes) * 60_000_000n
}

/** Microseconds since 1970 in UTC; a zone moves it only where the type has one. */
function momentOf(value: unknown, zoned: boolean): bigint | undefined {
  if (typeof value !== 'string') return undefined
  const infinite = INFINITE.get(value)
  if (infinite !== undefined) return infinite
  const match = MOMENT.exec(value)
  const days = match && daysOf(`${match[1]}${match[4] ? ' BC' : ''}`)
  const time = match && microsecondsOf(match[2] ?? '00:00')
  const offset = match && offsetOf(match[3])
  if (days === undefined || days === null || time === undefined || time === null) return undefined
  if (offset === undefined || offset === null) return undefined
  return days * MICROSECONDS_A_DAY + time - (zoned ? offset : 0n)
}

function timeKind(
  type: string,
  cast: string,
  expects: string,
  read: (value: unknown) => bigint | undefined,
): ColumnKind {
  return {
    type,
    cast,
    expects,
    encode: (value) => (read(value) === undefined ? undefined : (value as string).replace(FINER, '$1')),
    select: plain,
    sql: { equality: true, order: true, text: 'cast' },
    memory: { decode: read, equal: same, order: natural },
  }
}

/** timestamptz: ISO 8601 with microseconds; without a zone it is UTC. */
export const timestampWithZone = (type: string): ColumnKind =>
  timeKind(type, 'timestamptz', 'a time in ISO 8601 such as "2026-01-31T12:00:00Z"', (value) => momentOf(value, true))

/** timestamp without a zone; one that is sent along is left aside, as Postgres does. */
export const timestamp = (type: string): ColumnKind =>
  timeKind(type, 'timestamp', 'a time in ISO 8601 such as "2026-01-31T12:00:00"', (value) => momentOf(value, false))

/** date. A whole moment, as a Date becomes in JSON, is taken as its day in UTC. */
export const date: ColumnKind = {
  ...timeKind('date', 'date', 'a date such as "2026-01-31"', dayOf),
  encode(value) {
    const day = dayOf(value)
    if (day === undefined || typeof value !== 'string') return undefined
    const isPlain = INFINITE.has(value) || DATE.test(value)
    return isPlain ? value : new Date(Number(day) * 86_400_000).toISOString().slice(0, 10)
  },
}

function dayOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string') return undefined
  const day = INFINITE.get(value) ?? daysOf(value)
  if (day !== undefined) return day
  const moment = momentOf(value, true)
  // Division of negative numbers rounds towards zero, and a day begins below.
  return moment === undefined
    ? undefined
    : (moment - (((moment % MICROSECONDS_A_DAY) + MICROSECONDS_A_DAY) % MICROSECONDS_A_DAY)) / MICROSECONDS_A_DAY
}

/** time without a zone. */
export const time = (type: string): ColumnKind =>
  timeKind(type, 'time', 'a time of day such as "13:45:00"', (value) =>
    typeof value === 'string' ? microsecondsOf(value) : undefined,
  )
