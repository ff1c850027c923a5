import type { Entity } from './entity.ts'

/** An entity as `meta` tells it. */
export interface EntityDescription {
  readonly schema: string
  readonly entity: string
  readonly table_name: string
  /** The column, or the list of columns of a composite key. */
  readonly primary_key: string | readonly string[]
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly is_nullable: boolean
    readonly is_primary: boolean
    readonly is_unique: boolean
    readonly has_index: boolean
  }[]
  readonly relations: readonly string[]
}

/** What a client may know of an entity: hidden columns are left out. */
export function describeEntity(entity: Entity): EntityDescription {
  const key = entity.key.map((column) => column.name)
  return {
    schema: entity.schema,
    entity: entity.name,
    table_name: entity.tableName,
    primary_key: key.length === 1 && key[0] !== undefined ? key[0] : key,
    columns: entity.visibleColumns.map((column) => ({
      name: column.name,
      type: column.kind.type,
      is_nullable: column.nullable,
      is_primary: column.isKey,
      is_unique: column.unique,
      has_index: column.indexed,
    })),
    relations: [...entity.relations.keys()],
  }
}
