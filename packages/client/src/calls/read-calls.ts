import type {
  ColumnOf,
  ComputedOf,
  FigureField,
  FiguresOf,
  None,
  PreloadOf,
  ReadableOf,
  ReadRow,
  SpecShape,
  Where,
  WithOf,
} from '@mqttspec/protocol'
import type { Live } from '../live/live.ts'
import type { Page } from '../operations/read.ts'
import type { RowNumber } from '../operations/row-number.ts'
import type {
  AggregateCall,
  CountCall,
  GetCall,
  ListCall,
  LiveCall,
  ReadCall,
  StreamCall,
  TotalOption,
} from '../options/call-options.ts'
import type { EntityName } from './entity-name.ts'

type TotalOf<Total> = Total extends false ? undefined : number

/** The calls that read. */
export interface ReadCalls<Shape extends SpecShape> {
  /** Reads a page of rows: 100 unless `limit` says otherwise, in the order of the primary key unless `sort` does. */
  read<
    Name extends EntityName<Shape>,
    Column extends ReadableOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ReadableOf<Shape[Name]> = never,
    Total extends TotalOption = false,
    With extends WithOf<Shape, Shape[Name]> = None,
    Preload extends PreloadOf<Shape, Shape[Name]> = never,
    Computed extends ComputedOf<Shape[Name]> = never,
  >(
    entity: Name,
    options?: ReadCall<Shape, Shape[Name], Column, Omitted, Total, With, Preload, Computed>,
  ): Promise<
    Page<ReadRow<Shape, Shape[Name], Column | Computed, Exclude<Omitted, Computed>, With, Preload>, TotalOf<Total>>
  >

  /** Reads one row by its key; null when there is none that this client may see. */
  get<
    Name extends EntityName<Shape>,
    Column extends ReadableOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ReadableOf<Shape[Name]> = never,
    With extends WithOf<Shape, Shape[Name]> = None,
    Preload extends PreloadOf<Shape, Shape[Name]> = never,
    Computed extends ComputedOf<Shape[Name]> = never,
  >(
    entity: Name,
    key: Shape[Name]['key'],
    options?: GetCall<Shape, Shape[Name], Column, Omitted, With, Preload, Computed>,
  ): Promise<ReadRow<Shape, Shape[Name], Column | Computed, Exclude<Omitted, Computed>, With, Preload> | null>

  /**
   * Every row that matches, one by one; read page by page, the next when the one before is used up.
   *
   * Rows that come and go meanwhile shift nothing: each page begins after the last row of the one before, also when
   * that row is gone. `break` ends it; an aborted `signal` throws its reason; each loop over it begins anew.
   */
  stream<
    Name extends EntityName<Shape>,
    Column extends ReadableOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ReadableOf<Shape[Name]> = never,
    With extends WithOf<Shape, Shape[Name]> = None,
    Preload extends PreloadOf<Shape, Shape[Name]> = never,
    Computed extends ComputedOf<Shape[Name]> = never,
  >(
    entity: Name,
    options?: StreamCall<Shape, Shape[Name], Column, Omitted, With, Preload, Computed>,
  ): AsyncIterable<ReadRow<Shape, Shape[Name], Column | Computed, Exclude<Omitted, Computed>, With, Preload>>

  /**
   * The rows of a read, kept as they are now: the list each time it changes, for as long as it is read.
   *
   * It says what `read` with the same options would say, once what has changed is told. Lists that ask for the same
   * share one subscription. What only other rows' columns, or columns and operators of the server's own, depend on is
   * seen with the next change of the rows themselves.
   */
  live<
    Name extends EntityName<Shape>,
    Column extends ReadableOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ReadableOf<Shape[Name]> = never,
    With extends WithOf<Shape, Shape[Name]> = None,
    Preload extends PreloadOf<Shape, Shape[Name]> = never,
    Computed extends ComputedOf<Shape[Name]> = never,
  >(
    entity: Name,
    options?: LiveCall<Shape, Shape[Name], Column, Omitted, With, Preload, Computed>,
  ): Live<ReadRow<Shape, Shape[Name], Column | Computed, Exclude<Omitted, Computed>, With, Preload>>

  /** Reads one row by its key, with its place among the rows that match, from 1; null when it is not among them. */
  rowNumber<
    Name extends EntityName<Shape>,
    Column extends ReadableOf<Shape[Name]> = ColumnOf<Shape[Name]>,
    Omitted extends ReadableOf<Shape[Name]> = never,
    With extends WithOf<Shape, Shape[Name]> = None,
    Preload extends PreloadOf<Shape, Shape[Name]> = never,
    Computed extends ComputedOf<Shape[Name]> = never,
  >(
    entity: Name,
    key: Shape[Name]['key'],
    options?: ListCall<Shape, Shape[Name], Column, Omitted, With, Preload, Computed>,
  ): Promise<RowNumber<
    ReadRow<Shape, Shape[Name], Column | Computed, Exclude<Omitted, Computed>, With, Preload>
  > | null>

  /** Counts the rows that match. */
  count<Name extends EntityName<Shape>>(
    entity: Name,
    where?: Where<Shape[Name]>,
    options?: CountCall<Shape[Name]>,
  ): Promise<number>

  /**
   * Computes figures of the rows that match: one object of them, or with `groupBy` a list, one for each group.
   *
   * A count is a number. Sums and averages are strings with all their digits, but of floats numbers. What is computed of
   * no value is null.
   */
  aggregate<
    Name extends EntityName<Shape>,
    Fields extends Readonly<Record<string, FigureField<Shape[Name]>>>,
    Group extends ReadableOf<Shape[Name]> = never,
  >(
    entity: Name,
    options: AggregateCall<Shape[Name], Fields, Group>,
  ): Promise<[Group] extends [never] ? FiguresOf<Shape[Name], Fields, never> : FiguresOf<Shape[Name], Fields, Group>[]>
}
