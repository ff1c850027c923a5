import {
  bigint,
  boolean,
  char,
  customType,
  date,
  doublePrecision,
  integer,
  json,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  real,
  serial,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'

const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })

export const mood = pgEnum('mood', ['sad', 'ok', 'happy'])

/** One nullable column of each type, for tests that hold for every type. */
export const things = pgTable('things', {
  id: serial().primaryKey(),
  int2: smallint(),
  int4: integer(),
  int8: bigint({ mode: 'bigint' }),
  numeric: numeric(),
  float4: real(),
  float8: doublePrecision(),
  bool: boolean(),
  text: text(),
  varchar: varchar({ length: 80 }),
  char: char({ length: 6 }),
  uuid: uuid(),
  date: date(),
  time: time(),
  timestamp: timestamp(),
  timestamptz: timestamp({ withTimezone: true }),
  mood: mood(),
  json: json(),
  jsonb: jsonb(),
  bytea: bytea(),
  ints: integer().array(),
  texts: text().array(),
  bigints: bigint({ mode: 'bigint' }).array(),
})
