import { type ColumnKind, natural, same } from './column-kind.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const hexOf = (value: unknown): string => Buffer.from(String(value), 'base64').toString('hex')

/** bytea: base64 on the wire. */
export const bytes: ColumnKind = {
  type: 'bytea',
  cast: 'bytea',
  expects: 'bytes in base64',
  encode: (value) => (typeof value === 'string' && BASE64.test(value) ? `\\x${hexOf(value)}` : undefined),
  // encode() breaks its lines after 76 characters, as MIME wants; the wire does not.
  select: (expression) => `translate(encode(${expression}, 'base64'), E'\\n', '')`,
  sql: { equality: true, order: true, text: 'none' },
  memory: { decode: hexOf, equal: same, order: natural },
}
