import type { ColumnOf, EntityShape, Selection, SortColumn, SortKey, TypedFilter, Where } from '@mqttspec/protocol'

/** What every call takes. */
export interface CallOptions {
  /** Gives up when it aborts: the call rejects with the signal's reason. A write may have been carried out. */
  readonly signal?: AbortSignal | undefined
  /** From the call to its answer, queueing and sending again included. */
  readonly timeoutMs?: number | undefined
}

/** Which rows: a typed `where`, filters in the wire's form, or both (ANDed). */
export interface FilterOptions<Entity extends EntityShape> {
  readonly where?: Where<Entity> | undefined
  readonly filters?: readonly TypedFilter<Entity>[] | undefined
}

/** How a total is counted: `true` and `'exact'` to the end, `'capped'` to a limit of the server, `false` not at all. */
export type TotalOption = boolean | 'exact' | 'capped'

type SortOption<Entity extends EntityShape> = SortKey<Entity> | SortColumn<Entity>

/** The options of `read`. */
export interface ReadCall<Entity extends EntityShape, Column = ColumnOf<Entity>, Omitted = never, Total = TotalOption>
  extends CallOptions,
    FilterOptions<Entity>,
    Selection<Column, Omitted> {
  /** Columns to sort by, `-` before one for descending. The primary key always comes last. */
  readonly sort?: SortOption<Entity> | readonly SortOption<Entity>[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  /** The page after: the `next` of a page, or the key of its last row. */
  readonly after?: string | Entity['key'] | undefined
  /** The page before: the `previous` of a page, or the key of its first row. */
  readonly before?: string | Entity['key'] | undefined
  readonly total?: Total | undefined
}

/** The options of `get`. */
export interface GetCall<Column, Omitted> extends CallOptions, Selection<Column, Omitted> {}

/** The options of `count`. */
export interface CountCall<Entity extends EntityShape> extends CallOptions {
  readonly filters?: readonly TypedFilter<Entity>[] | undefined
}

/** The options of an update or delete of one row. */
export interface ChangeCall<Entity extends EntityShape> extends CallOptions {
  /** What columns must hold, or nothing is written and the call rejects with `precondition_failed`. */
  readonly if?: { readonly [Column in keyof Entity['input']]?: Entity['input'][Column] | null } | undefined
}

/** The options of `subscribe`. `timeoutMs` is for the server's agreement. */
export interface SubscribeCall<Entity extends EntityShape, Column = ColumnOf<Entity>, Omitted = never>
  extends CallOptions,
    FilterOptions<Entity>,
    Selection<Column, Omitted> {
  /** Sends the row as it was along with each event. */
  readonly previous?: boolean | undefined
}
