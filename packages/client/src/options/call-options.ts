import type {
  ColumnOf,
  EntityShape,
  ExactWith,
  None,
  ReadableOf,
  Selection,
  SortOption,
  SpecShape,
  TypedFilter,
  Where,
} from '@mqttspec/protocol'

/** What every call takes. */
export interface CallOptions {
  /** Gives up when it aborts: the call rejects with the signal's reason. A write may have been carried out. */
  readonly signal?: AbortSignal | undefined
  /** From the call to its answer, queueing and sending again included. */
  readonly timeoutMs?: number | undefined
}

/** What every call that writes takes. */
export interface WriteOptions extends CallOptions {
  /**
   * Without a connection: `wait` for one for as long as the call may take, or `queue`, which keeps the write until it is
   * answered, with no limit but a `timeoutMs` of its own. As the client does, unless said here.
   */
  readonly offline?: 'wait' | 'queue' | undefined
}

/** The server's own operators, by name with their values. */
export type OperatorsOption<Entity extends EntityShape> = [Entity['operators']] extends [never]
  ? never
  :
      | { readonly [Name in Entity['operators']]?: unknown }
      | readonly { readonly name: Entity['operators']; readonly value?: unknown }[]

/** Which rows: a typed `where`, filters in the wire's form, operators of the server's own. Those given are ANDed. */
export interface FilterOptions<Entity extends EntityShape> {
  readonly where?: Where<Entity> | undefined
  readonly filters?: readonly TypedFilter<Entity>[] | undefined
  readonly operators?: OperatorsOption<Entity> | undefined
}

/** How a total is counted: `true` and `'exact'` to the end, `'capped'` to a limit of the server, `false` not at all. */
export type TotalOption = boolean | 'exact' | 'capped'

/** The options of `get`: what of a row, and which related rows with it. */
export interface GetCall<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Column = ColumnOf<Entity>,
  Omitted = never,
  With = None,
  Preload = never,
  Computed = never,
> extends CallOptions,
    Selection<Column, Omitted> {
  /** Columns of the server's own to add; they may also stand in `columns`. */
  readonly computed?: readonly Computed[] | undefined
  /** Related rows to read along, by relation: all of them with `true`, or which, how many and what of them. */
  readonly with?: (With & ExactWith<Shape, Entity, With>) | undefined
  /** The same in the wire's own form. */
  readonly preload?: readonly Preload[] | undefined
}

/** The options of `rowNumber`: also which rows, in which order. */
export interface ListCall<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Column = ColumnOf<Entity>,
  Omitted = never,
  With = None,
  Preload = never,
  Computed = never,
> extends GetCall<Shape, Entity, Column, Omitted, With, Preload, Computed>,
    FilterOptions<Entity> {
  /** Columns to sort by, `-` before one for descending. The primary key always comes last. */
  readonly sort?: SortOption<ReadableOf<Entity>> | undefined
}

/** The options of `read`. */
export interface ReadCall<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Column = ColumnOf<Entity>,
  Omitted = never,
  Total = TotalOption,
  With = None,
  Preload = never,
  Computed = never,
> extends ListCall<Shape, Entity, Column, Omitted, With, Preload, Computed> {
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  /** The page after: the `next` of a page, or the key of its last row. */
  readonly after?: string | Entity['key'] | undefined
  /** The page before: the `previous` of a page, or the key of its first row. */
  readonly before?: string | Entity['key'] | undefined
  readonly total?: Total | undefined
}

/** The options of `live`: those of a read, but for its place among pages. */
export interface LiveCall<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Column = ColumnOf<Entity>,
  Omitted = never,
  With = None,
  Preload = never,
  Computed = never,
> extends ListCall<Shape, Entity, Column, Omitted, With, Preload, Computed> {
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** The options of `stream`. `timeoutMs` is for each page. */
export interface StreamCall<
  Shape extends SpecShape,
  Entity extends EntityShape,
  Column = ColumnOf<Entity>,
  Omitted = never,
  With = None,
  Preload = never,
  Computed = never,
> extends ListCall<Shape, Entity, Column, Omitted, With, Preload, Computed> {
  /** Rows that are read at once: 200. */
  readonly pageSize?: number | undefined
  /** Rows in all, at most. */
  readonly limit?: number | undefined
  /** Where to go on: the `next` of a page, or the key of a row. */
  readonly after?: string | Entity['key'] | undefined
}

/** The options of `count`. */
export interface CountCall<Entity extends EntityShape> extends CallOptions, Omit<FilterOptions<Entity>, 'where'> {}

/** The options of `aggregate`: of which rows, and which groups. */
export interface AggregateCall<Entity extends EntityShape, Fields, Group extends string>
  extends CallOptions,
    FilterOptions<Entity> {
  /** The figures, each under a name of its own. */
  readonly fields: Fields
  /** Columns by whose values the rows are grouped. */
  readonly groupBy?: readonly Group[] | undefined
  /** Figures and columns to sort groups by, `-` before one for descending. The columns of the groups come last. */
  readonly sort?: SortOption<NoInfer<(keyof Fields & string) | Group>> | undefined
  /** Groups at most: 100. */
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** The options of `create`. */
export interface CreateCall<Entity extends EntityShape> extends WriteOptions, CreateOptions<Entity> {}

/** What becomes of a new row whose unique value is taken. */
export interface CreateOptions<Entity extends EntityShape> {
  /** `update` changes the row that is there, `nothing` leaves it; either way it is what the call gives. */
  readonly onConflict?: { readonly columns: readonly ColumnOf<Entity>[]; readonly do: 'update' | 'nothing' } | undefined
}

/** The options of an update or delete of one row. */
export interface ChangeCall<Entity extends EntityShape> extends WriteOptions {
  /** What columns must hold, or nothing is written and the call rejects with `precondition_failed`. */
  readonly if?: Holds<Entity['input']> | undefined
}

/** What columns must hold; null is NULL. */
export type Holds<Columns> = { readonly [Column in keyof Columns]?: Columns[Column] | null }

/** The options of `subscribe`. `timeoutMs` is for the server's agreement. */
export interface SubscribeCall<Entity extends EntityShape, Column = ColumnOf<Entity>, Omitted = never>
  extends CallOptions,
    Selection<Column, Omitted> {
  // Only columns of the table: what the server computes only Postgres could decide.
  readonly where?: Where<Entity, None> | undefined
  readonly filters?: readonly TypedFilter<Entity, None>[] | undefined
  /** Sends the row as it was along with each event. */
  readonly previous?: boolean | undefined
  /** Begins after this position, the `at` of a page or an event: what has happened since is told first, then `ready`. */
  readonly since?: string | undefined
  /** Begins with the rows that are in the set, each as it enters, then `ready`. */
  readonly snapshot?: boolean | undefined
  /**
   * Goes on where the subscription of this name was left, by this client id, then `ready`: the server keeps its place
   * over connections and restarts. It is left by closing the client; `close` and `break` end it for good.
   */
  readonly durable?: string | undefined
}
