import type { SpecShape, StoredOf } from '@mqttspec/protocol'
import type { ChangeCall, CreateCall, WriteOptions } from '../options/call-options.ts'
import type { Batch, BatchOutcome } from './batch.ts'
import type { EntityName } from './entity-name.ts'
import type { Exact, Inserts, Patches, Stored, Updates } from './rows.ts'

/** The calls that write: each in one transaction, resolved when it is committed. */
export interface WriteCalls<Shape extends SpecShape> {
  /**
   * Stores one row, or many; gives what was stored, defaults and all.
   *
   * Under the names of relations a row may have the rows to store with it; they are in what is given, too.
   */
  create<Name extends EntityName<Shape>, Data extends Inserts<Shape>[Name] | readonly Inserts<Shape>[Name][]>(
    entity: Name,
    data: Data & Exact<Shape, Name, 'insert', Data>,
    options?: CreateCall<Shape[Name]>,
  ): Promise<Stored<Shape, Name, Data>>

  /**
   * Changes one row by its key, or many, each with its key among its columns; gives them as they are now.
   *
   * Under the names of relations, `_request` says what to do with each related row: insert (unless said), update, delete.
   */
  update<Name extends EntityName<Shape>, Data extends Updates<Shape>[Name]>(
    entity: Name,
    key: Shape[Name]['key'],
    data: Data & Exact<Shape, Name, 'update', Data>,
    options?: ChangeCall<Shape[Name]>,
  ): Promise<StoredOf<Shape, Shape[Name], Data>>
  update<Name extends EntityName<Shape>, Data extends Patches<Shape>[Name]>(
    entity: Name,
    rows: readonly (Data & Exact<Shape, Name, 'patch', Data>)[],
    options?: WriteOptions,
  ): Promise<StoredOf<Shape, Shape[Name], Data>[]>

  /** Deletes one row by its key, or many and tells how many. */
  delete<Name extends EntityName<Shape>>(
    entity: Name,
    keys: readonly Shape[Name]['key'][],
    options?: WriteOptions,
  ): Promise<number>
  delete<Name extends EntityName<Shape>>(
    entity: Name,
    key: Shape[Name]['key'],
    options?: ChangeCall<Shape[Name]>,
  ): Promise<void>

  /**
   * Runs the writes that `build` asks for in one transaction, in their order: all of them, or none.
   *
   * Gives what `build` returns, with the stored row in place of each write. `row.ref('id')` stands for a value that an
   * earlier write will come to. The error of one that fails has its `index`.
   */
  batch<const Form>(build: (batch: Batch<Shape>) => Form, options?: WriteOptions): Promise<BatchOutcome<Form>>
}
