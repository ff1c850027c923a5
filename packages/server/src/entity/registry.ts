import { SpecError } from '@mqttspec/protocol'
import type { Catalog } from '../db/catalog.ts'
import { buildEntity } from './build-entity.ts'
import type { SchemaSource } from './check-declaration.ts'
import type { Entity, Relation } from './entity.ts'
import type { EntityDeclaration } from './entity-options.ts'

/** The entities of a server. Nothing that was not declared can be reached. */
export class Registry {
  readonly #entities: ReadonlyMap<string, Entity>
  /** The first entity of each table: where a relation leads. */
  readonly #bySchemaKey: ReadonlyMap<string, Entity>

  constructor(source: SchemaSource, declarations: readonly EntityDeclaration[], catalog: Catalog) {
    const declared = new Set(declarations.map(({ schemaKey }) => schemaKey))
    const entities = declarations.map((declaration) => {
      const entity = buildEntity(source, declaration, catalog)
      const reachable = [...entity.relations].filter(([, { schemaKey }]) => declared.has(schemaKey))
      return { ...entity, relations: new Map(reachable) }
    })
    this.#entities = new Map(entities.map((entity) => [entity.name, entity]))
    this.#bySchemaKey = new Map(entities.reverse().map((entity) => [entity.schemaKey, entity]))
  }

  /** The entity that a relation leads to. */
  related(relation: Relation): Entity {
    const entity = this.#bySchemaKey.get(relation.schemaKey)
    if (!entity) throw new Error(`relation ${relation.name} leads to a table that is not registered`)
    return entity
  }

  /** The entity that a message names. Throws `model_not_found`. */
  find(name: string, schema: string | undefined): Entity {
    const entity = this.#entities.get(name)
    if (!entity || (schema !== undefined && schema !== '' && schema !== entity.schema)) {
      throw new SpecError('model_not_found', `There is no entity ${JSON.stringify(name.slice(0, 100))} here.`, {
        path: entity ? ['schema'] : ['entity'],
      })
    }
    return entity
  }

  /** The entity over a table, by the names that Postgres gives in an error. */
  overTable(schema: string | undefined, table: string | undefined): Entity | undefined {
    return [...this.#entities.values()].find(({ tableName }) => tableName === `${schema ?? 'public'}.${table}`)
  }

  /** Every entity. */
  all(): Iterable<Entity> {
    return this.#entities.values()
  }
}
