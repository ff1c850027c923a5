import type { AliasedLike, ColumnLike } from './column-facts.ts'

/** Drizzle's column types whose value travels as a string whatever its mode. The rest travel as what they are. */
interface Carried {
  PgBigInt53: 'digits'
  PgBigInt64: 'digits'
  PgBigSerial53: 'digits'
  PgBigSerial64: 'digits'
  PgNumeric: 'digits'
  PgNumericNumber: 'digits'
  PgNumericBigInt: 'digits'
  PgDate: 'time'
  PgDateString: 'text'
  PgTimestamp: 'time'
  PgTimestampString: 'time'
  PgPointTuple: 'text'
  PgPointObject: 'text'
  PgLine: 'text'
  PgLineABC: 'text'
  PgGeometry: 'text'
  PgGeometryObject: 'text'
  PgVector: 'text'
  PgHalfVector: 'text'
  PgSparseVector: 'text'
  PgBinaryVector: 'text'
}

interface Inputs {
  digits: bigint | number | string
  time: Date | string
  text: string
}

/** What a custom type is on the wire: JSON is made by Postgres, so an object that the driver makes never travels. */
export type CustomWire<Data> = Data extends Uint8Array | Date | bigint
  ? string
  : Data extends string | number | boolean
    ? Data
    : unknown

type CustomInput<Data> = Data extends Uint8Array | Date
  ? Data | string
  : Data extends bigint
    ? bigint | number | string
    : CustomWire<Data>

type WireOfKind<Kind, Data> = Kind extends keyof Carried
  ? string
  : Kind extends 'PgCustomColumn'
    ? CustomWire<Data>
    : Data

type InputOfKind<Kind, Data> = Kind extends keyof Carried
  ? Inputs[Carried[Kind]]
  : Kind extends 'PgCustomColumn'
    ? CustomInput<Data>
    : Kind extends 'PgEnumObjectColumn'
      ? `${Data & string}`
      : Data

type ArrayOf<Base, Data, Of extends 'wire' | 'input'> = Data extends readonly (infer Element)[]
  ? Base extends { readonly _: { readonly columnType: infer Kind; readonly baseColumn: infer Inner } }
    ? Kind extends 'PgArray'
      ? ArrayOf<Inner, Element, Of>[]
      : (Of extends 'wire' ? WireOfKind<Kind, Element> : InputOfKind<Kind, Element>)[]
    : Element[]
  : Data

/** A column's value as JSON carries it, NULL aside. */
export type WireOf<Column> = Column extends {
  readonly _: { readonly columnType: infer Kind; readonly data: infer Data; readonly baseColumn: infer Base }
}
  ? Kind extends 'PgArray'
    ? ArrayOf<Base, Data, 'wire'>
    : WireOfKind<Kind, Data>
  : Column extends AliasedLike
    ? CustomWire<Column['_']['type']>
    : unknown

/** What may be sent for a column, NULL aside: what Drizzle takes, or what the wire carries. */
export type InputOf<Column> = Column extends {
  readonly _: { readonly columnType: infer Kind; readonly data: infer Data; readonly baseColumn: infer Base }
}
  ? Kind extends 'PgArray'
    ? ArrayOf<Base, Data, 'input'>
    : InputOfKind<Kind, Data>
  : WireOf<Column>

/** A value or null, unless the column is not null. */
export type OrNull<Column, Value> = Column extends ColumnLike
  ? Column['_']['notNull'] extends true
    ? Value
    : Value | null
  : Value | null
