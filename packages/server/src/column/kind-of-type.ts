import { arrayOf } from './array-kind.ts'
import { bytes } from './bytes-kind.ts'
import type { ColumnKind } from './column-kind.ts'
import { jsonBinary, jsonText } from './json-kinds.ts'
import { bigInteger, boolean, decimal, float, smallInteger } from './number-kinds.ts'
import { caseInsensitiveText, enumeration, other, paddedText, text, uuid } from './text-kinds.ts'
import { date, time, timestamp, timestampWithZone } from './time-kinds.ts'

/** What is known of a column's type beside its name. */
export interface TypeFacts {
  /** The type as Drizzle writes it, such as `varchar(20)` or `timestamp (3) with time zone`. */
  readonly sqlType: string
  /** Labels and quoted name, if it is an enum. */
  readonly enumeration?: { readonly labels: readonly string[]; readonly cast: string }
  readonly collation: 'C' | 'other'
}

const BY_NAME: Readonly<Record<string, (facts: TypeFacts) => ColumnKind>> = {
  smallint: ({ sqlType }) => smallInteger(sqlType, 'int2', 16),
  smallserial: () => smallInteger('smallint', 'int2', 16),
  integer: ({ sqlType }) => smallInteger(sqlType, 'int4', 32),
  serial: () => smallInteger('integer', 'int4', 32),
  bigint: ({ sqlType }) => bigInteger(sqlType),
  bigserial: () => bigInteger('bigint'),
  numeric: ({ sqlType }) => decimal(sqlType),
  decimal: ({ sqlType }) => decimal(sqlType),
  real: ({ sqlType }) => float(sqlType, 'float4'),
  'double precision': ({ sqlType }) => float(sqlType, 'float8'),
  boolean: () => boolean,
  text: ({ sqlType, collation }) => text(sqlType, 'text', collation),
  varchar: ({ sqlType, collation }) => text(sqlType, 'varchar', collation),
  char: ({ sqlType, collation }) => paddedText(sqlType, collation),
  'character varying': ({ sqlType, collation }) => text(sqlType, 'varchar', collation),
  character: ({ sqlType, collation }) => paddedText(sqlType, collation),
  citext: () => caseInsensitiveText,
  uuid: () => uuid,
  json: () => jsonText,
  jsonb: () => jsonBinary,
  bytea: () => bytes,
  date: () => date,
  time: ({ sqlType }) => time(sqlType),
  timestamp: ({ sqlType }) => timestamp(sqlType),
  'time without time zone': ({ sqlType }) => time(sqlType),
  'timestamp without time zone': ({ sqlType }) => timestamp(sqlType),
  'timestamp with time zone': ({ sqlType }) => timestampWithZone(sqlType),
}

/** The kind of a column by its SQL type. A type without a rule of its own is handled as text that Postgres reads. */
export function kindOfType(facts: TypeFacts): ColumnKind {
  if (facts.sqlType.endsWith(']')) {
    const element = facts.sqlType.replace(/\[\d*\]$/, '')
    return arrayOf(kindOfType({ ...facts, sqlType: element }), facts.sqlType)
  }
  if (facts.enumeration) return enumeration(facts.sqlType, facts.enumeration.cast, facts.enumeration.labels)
  const name = facts.sqlType.toLowerCase().replace(/ *\([^)]*\)/, '')
  const kind = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined
  return kind ? kind(facts) : other(facts.sqlType)
}
