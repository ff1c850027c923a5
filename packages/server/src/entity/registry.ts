import { SpecError } from '@mqttspec/protocol'
import type { Entity, Relation } from './entity.ts'

/** The entities of a server, and no others. A relation to a table that is not registered leads nowhere. */
export class Registry {
  readonly #entities: ReadonlyMap<string, Entity>
  /** The first entity of each table: where a relation leads. */
  readonly #bySchemaKey: ReadonlyMap<string, Entity>

  constructor(entities: readonly Entity[]) {
    const registered = new Set(entities.map(({ schemaKey }) => schemaKey))
    const reachable = entities.map((entity) => {
      const relations = [...entity.relations].filter(([, { schemaKey }]) => registered.has(schemaKey))
      return { ...entity, relations: new Map(relations) }
    })
    this.#entities = new Map(reachable.map((entity) => [entity.name, entity]))
    this.#bySchemaKey = new Map(reachable.reverse().map((entity) => [entity.schemaKey, entity]))
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

  /** The entity over a table, `schema.table`. */
  ofTable(tableName: string): Entity | undefined {
    return [...this.#bySchemaKey.values()].find((entity) => entity.tableName === tableName)
  }

  /** The entity that has a constraint of this name. */
  withConstraint(name: string): Entity | undefined {
    return [...this.#bySchemaKey.values()].find(({ constraints }) => constraints.has(name))
  }

  /** Every entity. */
  all(): Iterable<Entity> {
    return this.#entities.values()
  }
}
