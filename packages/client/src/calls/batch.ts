import type { ColumnOf, EntityShape, Reference, SpecShape, StoredOf, WrittenKey } from '@mqttspec/protocol'
import type { CreateOptions, Holds } from '../options/call-options.ts'
import type { EntityName } from './entity-name.ts'
import type { Exact, Inserts, Patches, Stored, Updates } from './rows.ts'

/** A write of a batch; in what the batch gives, its value stands in its place. */
export interface BatchWrite<out Value> {
  /** A type only; and another than that of a reference, which a write is not. */
  readonly '~outcome': Value
}

/** A write of one row. */
export interface BatchRow<out Row, Entity extends EntityShape> extends BatchWrite<Row> {
  /** Stands for a column of the row, in the writes that come after it. */
  ref<Column extends ColumnOf<Entity>>(column: Column): Reference<Entity['row'][Column & keyof Entity['row']]>
}

/** The options of an update or delete of one row in a batch. */
export interface BatchChange<Entity extends EntityShape> {
  /** What columns must hold, or the whole batch is refused with `precondition_failed`. */
  readonly if?: Holds<{ [Column in keyof Entity['input']]: ValueOrReference<Entity['input'][Column]> }> | undefined
}

type ValueOrReference<Value> = Value | Reference<Value | null>

/** Collects the writes of a batch. Each takes what the call of its name takes, and references too. */
export interface Batch<Shape extends SpecShape> {
  create<
    Name extends EntityName<Shape>,
    Data extends Inserts<Shape, 'batch'>[Name] | readonly Inserts<Shape, 'batch'>[Name][],
  >(
    entity: Name,
    data: Data & Exact<Shape, Name, 'insert', Data>,
    options?: CreateOptions<Shape[Name]>,
  ): Data extends readonly unknown[]
    ? BatchWrite<Stored<Shape, Name, Data>>
    : BatchRow<Stored<Shape, Name, Data>, Shape[Name]>

  update<Name extends EntityName<Shape>, Data extends Updates<Shape, 'batch'>[Name]>(
    entity: Name,
    key: WrittenKey<Shape[Name]['key'], 'batch'>,
    data: Data & Exact<Shape, Name, 'update', Data>,
    options?: BatchChange<Shape[Name]>,
  ): BatchRow<StoredOf<Shape, Shape[Name], Data>, Shape[Name]>
  update<Name extends EntityName<Shape>, Data extends Patches<Shape, 'batch'>[Name]>(
    entity: Name,
    rows: readonly (Data & Exact<Shape, Name, 'patch', Data>)[],
  ): BatchWrite<StoredOf<Shape, Shape[Name], Data>[]>

  delete<Name extends EntityName<Shape>>(
    entity: Name,
    keys: readonly WrittenKey<Shape[Name]['key'], 'batch'>[],
  ): BatchWrite<number>
  delete<Name extends EntityName<Shape>>(
    entity: Name,
    key: WrittenKey<Shape[Name]['key'], 'batch'>,
    options?: BatchChange<Shape[Name]>,
  ): BatchWrite<void>
}

/** What a batch gives for what was built: the same, with each write's value in its place. */
export type BatchOutcome<Form> =
  Form extends BatchWrite<infer Value>
    ? Value
    : Form extends readonly unknown[] | Readonly<Record<string, unknown>>
      ? { -readonly [Key in keyof Form]: BatchOutcome<Form[Key]> }
      : Form
