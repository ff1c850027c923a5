import type { Entity, Relation } from './entity.ts'
import type { Registry } from './registry.ts'

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
  /** Where each relation leads. */
  readonly related: Readonly<Record<string, RelationDescription>>
}

/** A relation as `meta` tells it: to which entity, and which columns of the two are equal; none where one is hidden. */
export interface RelationDescription {
  readonly entity: string
  readonly many: boolean
  readonly on: readonly (readonly [here: string, there: string])[]
}

/** What a client may know of an entity: hidden columns are left out. */
export function describeEntity(entity: Entity, registry: Registry): EntityDescription {
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
    related: Object.fromEntries(
      [...entity.relations].map(([name, relation]) => [name, describeRelation(entity, relation, registry)]),
    ),
  }
}

function describeRelation(entity: Entity, relation: Relation, registry: Registry): RelationDescription {
  const related = registry.related(relation)
  const pairs = relation.local.map((local, index) => [
    visibleName(entity, local),
    visibleName(related, relation.foreign[index]),
  ])
  const isVisible = (pair: (string | undefined)[]): pair is [string, string] => !pair.includes(undefined)
  return { entity: related.name, many: relation.many, on: pairs.every(isVisible) ? pairs : [] }
}

const visibleName = (entity: Entity, sqlName: string | undefined): string | undefined =>
  entity.visibleColumns.find((column) => column.sqlName === sqlName)?.name
