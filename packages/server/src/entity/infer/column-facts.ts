/** A column of a Drizzle table or view, as far as types tell. */
export interface ColumnLike {
  readonly _: { readonly name: string; readonly columnType: string; readonly data: unknown; readonly notNull: boolean }
}

/** A computed column of a Drizzle view: `sql<T>` with a name. */
export interface AliasedLike {
  readonly _: { readonly brand: 'SQL.Aliased'; readonly type: unknown }
}

/** The columns of a table or a view in a Drizzle schema, by property name; never for anything else. */
export type ColumnsOf<Source> = Source extends { readonly _: { readonly columns: infer Columns } }
  ? Columns
  : Source extends { readonly _: { readonly selectedFields: infer Fields } }
    ? Fields
    : never

/** Is it a view? Views are read-only. */
export type IsView<Source> = Source extends { readonly _: { readonly brand: 'View' } } ? true : false

/** The column's name on the wire: its property name, or with `'database'` the name that it has in Postgres. */
export type NameOf<Column, Property extends string, Names> = Names extends 'database'
  ? Column extends { readonly _: { readonly name: infer Name extends string } }
    ? Name
    : Property
  : Property

/** What a create must know of a column: may it be given, and must it? */
export type WriteMode<Column> = Column extends { readonly _: { readonly generated: undefined } }
  ? Column extends { readonly _: { readonly identity: 'always' } }
    ? 'never'
    : Column extends { readonly _: { readonly notNull: true; readonly hasDefault: false } }
      ? 'required'
      : 'optional'
  : 'never'

/** The property name of the column marked `.primaryKey()`; never when the key is composite, or there is none. */
export type PrimaryOf<Columns> = {
  [Property in keyof Columns]: Columns[Property] extends { readonly _: { readonly isPrimaryKey: true } }
    ? Property
    : never
}[keyof Columns] &
  string
