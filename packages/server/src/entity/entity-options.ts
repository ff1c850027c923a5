import type { SQL } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { AccessRules } from '../access/rules.ts'

/** How an entity is registered. */
export interface EntityOptions extends AccessRules {
  /** Its name on the wire, where it is not to be its key in the schema object. */
  readonly name?: string
  /** Columns, by wire name, that no client can see, name or write. */
  readonly omit?: readonly string[]
  /** Named expressions that a client may ask for, filter by and sort by. */
  readonly computed?: Readonly<Record<string, (table: PgTable) => SQL>>
  /** Named conditions that a client may filter by, with a value of its own: check it before it becomes a parameter. */
  readonly operators?: Readonly<Record<string, (table: PgTable, value: unknown) => SQL>>
}

/** How names come onto the wire: as the properties in Drizzle, or as the columns in the database. */
export type WireNames = 'property' | 'database'

/** How Drizzle makes database names of properties that name no column, as its own `casing` option. */
export type Casing = 'snake_case' | 'camelCase' | undefined

/** One `.entity()` call: the key in the schema object, and what was said of it. */
export interface EntityDeclaration {
  readonly schemaKey: string
  readonly options: EntityOptions
}
