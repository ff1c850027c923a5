import type { RawText } from '../db/database.ts'

/** Stands between rows in one text: no JSON text of Postgres has it, in strings it is escaped. */
export const ROW_SEPARATOR = '\x1e'

/** The SQL that joins the texts of rows to one. */
export const separated = (text: string): string => `string_agg(${text}, E'\\x1e')`

/** The SQL of such a text, or of null where the rows that are meant, so many of it, are more than so many bytes. */
export function separatedWithin(text: string, limit: number, mostBytes: number): string {
  const rows = separated(text)
  // The row that says that there are more may be of any size: it is not shown. Postgres computes equal aggregates once.
  const shown = `octet_length(${rows}) - octet_length(split_part(${rows}, E'\\x1e', ${limit + 1})) - 1`
  return `case when octet_length(${rows}) <= ${mostBytes} or (count(*) > ${limit} and ${shown} <= ${mostBytes}) then ${rows} end`
}

/** How many rows of a text are meant, and in which order. */
export interface Page {
  readonly limit: number
  /** There is one row more in the text than the limit. */
  readonly more: boolean
  readonly reverse: boolean
}

/** JSON text: a string, or the bytes of it in parts. */
export type JsonText = string | readonly Buffer[]

/** The same as one string. */
export const wholeText = (json: JsonText): string => (typeof json === 'string' ? json : Buffer.concat(json).toString())

/** Rows with `ROW_SEPARATOR` between as a JSON array. Bytes are changed in place: they belong to nobody else. */
export function jsonArray(rows: RawText | null | undefined, { limit, more, reverse }: Page): JsonText {
  if (!rows || limit === 0) return '[]'
  if (reverse) return `[${rows.toString().split(ROW_SEPARATOR).slice(0, limit).reverse().join(',')}]`
  const end = more ? rows.lastIndexOf(ROW_SEPARATOR) : rows.length
  if (typeof rows === 'string') return `[${rows.slice(0, end).replaceAll(ROW_SEPARATOR, ',')}]`
  const shown = rows.subarray(0, end)
  for (let at = shown.indexOf(SEPARATOR); at >= 0; at = shown.indexOf(SEPARATOR, at + 1)) shown[at] = COMMA
  return [OPEN, shown, CLOSE]
}

const SEPARATOR = ROW_SEPARATOR.charCodeAt(0)
const COMMA = ','.charCodeAt(0)
const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')
