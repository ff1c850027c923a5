import { type ColumnKind, identity, type MemoryComparison, natural, plain, same } from './column-kind.ts'

/** Text that Postgres can store: no NUL, no half of a surrogate pair. */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed()
}

const textOf = (value: unknown): string | undefined => (isStorableText(value) ? value : undefined)

/** Code point order, which is byte order in UTF-8, which is the C collation. JavaScript's own is by UTF-16 unit. */
export function orderByCodePoint(left: unknown, right: unknown): number {
  const a = left as string
  const b = right as string
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return byteRank(x) - byteRank(y)
  }
  return a.length - b.length
}

// Surrogates stand for code points above U+FFFF, so they sort after U+E000 to U+FFFF.
const byteRank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** text and varchar. In memory they can be ordered only under the C collation; equality is by bytes in every other. */
export function text(type: string, cast: string, collation: 'C' | 'other'): ColumnKind {
  return {
    type,
    cast,
    expects: 'text without NUL or half surrogates',
    encode: textOf,
    select: plain,
    sql: { equality: true, order: true, text: 'self' },
    memory: {
      decode: identity,
      equal: same,
      ...(collation === 'C' && { order: orderByCodePoint }),
      text: String,
    },
  }
}

/** char(n): blanks at the end do not count. */
export function paddedText(type: string, collation: 'C' | 'other'): ColumnKind {
  const trim = (value: unknown) => String(value).replace(/ +$/, '')
  const base = text(type, 'bpchar', collation)
  return {
    ...base,
    sql: { ...base.sql, text: 'cast' },
    memory: { ...(base.memory as MemoryComparison), decode: trim, text: trim },
  }
}

/** citext: equal without regard to case, as the database's own lower() sees it: Postgres decides. */
export const caseInsensitiveText: ColumnKind = {
  type: 'citext',
  cast: 'citext',
  expects: 'text without NUL or half surrogates',
  encode: textOf,
  select: plain,
  sql: { equality: true, order: true, text: 'cast' },
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** uuid, in its canonical form. */
export const uuid: ColumnKind = {
  type: 'uuid',
  cast: 'uuid',
  expects: 'a UUID such as "0f1e2d3c-…", in its form with hyphens',
  encode: (value) => (typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined),
  select: plain,
  sql: { equality: true, order: true, text: 'cast' },
  memory: { decode: (value) => String(value).toLowerCase(), equal: same, order: natural, text: String },
}

/** An enum: one of its labels; ordered as they were declared in the database, so Postgres decides ranges. */
export function enumeration(type: string, cast: string, labels: readonly string[]): ColumnKind {
  const known = new Set(labels)
  return {
    type,
    cast,
    expects: `one of ${labels.map((label) => `"${label}"`).join(', ')}`,
    encode: (value) => (typeof value === 'string' && known.has(value) ? value : undefined),
    select: plain,
    sql: { equality: true, order: true, text: 'cast' },
    memory: { decode: identity, equal: same, text: String },
  }
}

/** A type without a rule of its own, such as inet or a range: text in, text out, compared by Postgres only. */
export function other(type: string): ColumnKind {
  return {
    type,
    cast: type,
    expects: `text that Postgres reads as ${type}`,
    encode: textOf,
    select: (expression) => `${expression}::text`,
    sql: { equality: true, order: true, text: 'cast' },
  }
}
