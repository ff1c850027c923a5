/** Stands, in a batch, for a value that an earlier write of it will come to. */
export interface Reference<out Value> {
  /** A type only. */
  readonly '~value': Value
}

/** How a write stands: alone, or in a batch, where each value may be a reference. */
export type WriteMode = 'alone' | 'batch'

/** Columns as a write takes them. */
export type Written<Columns, Mode extends WriteMode> = Mode extends 'batch'
  ? { readonly [Column in keyof Columns]: Columns[Column] | Reference<Columns[Column]> }
  : Columns

/** A key as a write takes it. */
export type WrittenKey<Key, Mode extends WriteMode> = Mode extends 'batch'
  ? Key extends Uint8Array | Date
    ? Key | Reference<Key>
    : Key extends object
      ? Written<Key, Mode>
      : Key | Reference<Key>
  : Key
