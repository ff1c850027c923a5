import type { PgTable } from 'drizzle-orm/pg-core'
import type { AccessRules } from '../access/rules.ts'
import type { ColumnKind } from '../column/column-kind.ts'
import type { Folding } from '../operators/operator.ts'
import type { Expression } from './expression.ts'

/** One column of an entity, normalised once. */
export interface Column {
  /** Its name on the wire. */
  readonly name: string
  /** Its name in SQL, quoted. */
  readonly sqlName: string
  /** Of a computed column, what it is; such a column is read only when it is named. */
  readonly expression?: Expression
  readonly kind: ColumnKind
  readonly folding: Folding
  readonly nullable: boolean
  readonly hasDefault: boolean
  /** Computed by the database, or an identity that is always generated: never written. */
  readonly generated: boolean
  readonly isKey: boolean
  /** Left out of everything that a client sees or says. */
  readonly hidden: boolean
  /** Set by the server on each new row; never sent by a client. */
  readonly stamped: boolean
  readonly unique: boolean
  readonly indexed: boolean
}

/** A relation of the Drizzle schema: how the related rows are found from a row of this entity. */
export interface Relation {
  readonly name: string
  readonly many: boolean
  /** The key of the related table in the schema object. */
  readonly schemaKey: string
  /** Columns of this table, in SQL, that equal those of the related one, pair by pair. */
  readonly local: readonly string[]
  readonly foreign: readonly string[]
  /** Which side refers to the other: this table's row (belongs to), or the related rows (has). */
  readonly refers: 'local' | 'foreign'
}

/** A foreign key of a table to another one. */
export interface ForeignKey {
  readonly constraint: string
  /** Columns in SQL, pair by pair. */
  readonly local: readonly string[]
  readonly foreign: readonly string[]
  /** The table that it refers to, as `schema.table`. */
  readonly tableName: string
}

/** A table that clients may reach, with everything the path of a request asks about it. */
export interface Entity {
  readonly name: string
  /** The table's key in the schema object. */
  readonly schemaKey: string
  readonly schema: string
  /** `schema.table`, unquoted, as `meta` and the catalog name it. */
  readonly tableName: string
  /** `"schema"."table"`, for SQL. */
  readonly sqlName: string
  readonly table: PgTable
  /** Visible columns by wire name: the only names that a client's text is ever looked up in. */
  readonly columns: ReadonlyMap<string, Column>
  readonly visibleColumns: readonly Column[]
  readonly allColumns: readonly Column[]
  /** All columns by wire name, for the server's own conditions. */
  readonly everyColumn: ReadonlyMap<string, Column>
  readonly key: readonly Column[]
  readonly relations: ReadonlyMap<string, Relation>
  /** Computed columns by wire name. */
  readonly computed: ReadonlyMap<string, Column>
  /** The server's own operators by name. */
  readonly operators: ReadonlyMap<string, (value: unknown) => Expression>
  /** Constraints and unique indexes, each with the wire names of the visible columns that it is about. */
  readonly constraints: ReadonlyMap<string, readonly string[]>
  /** The wire names of the columns of each unique index over whole rows. */
  readonly uniques: readonly (readonly string[])[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly rules: AccessRules
}
