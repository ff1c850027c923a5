/** Drizzle's column types of numbers, and what Postgres makes of their sum and average, as the wire carries it. */
interface Sums {
  PgSmallInt: string
  PgSmallSerial: string
  PgInteger: string
  PgSerial: string
  PgBigInt53: string
  PgBigInt64: string
  PgBigSerial53: string
  PgBigSerial64: string
  PgNumeric: string
  PgNumericNumber: string
  PgNumericBigInt: string
  PgReal: number
  PgDoublePrecision: number
}

/** The sum of a column's values as JSON carries it; never for a column that is not of numbers. */
export type SumOf<Column> = Column extends {
  readonly _: { readonly columnType: infer Kind; readonly data: infer Data }
}
  ? Kind extends keyof Sums
    ? Sums[Kind]
    : // Of what type a custom column of numbers is only Postgres knows.
      Kind extends 'PgCustomColumn'
      ? Data extends number | bigint
        ? string | number
        : never
      : never
  : Column extends { readonly _: { readonly type: infer Data } }
    ? [Data] extends [number]
      ? string | number
      : never
    : never
