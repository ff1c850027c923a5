import type { Column, Entity } from '../entity/entity.ts'
import { EVERY_ROW } from '../query/condition.ts'
import type { RowCheck } from '../query/write.ts'
import type { RequestRules } from './request-rules.ts'

/**
 * What must hold of a row once it is written: it is in the writer's scope, and so is every row that it was made to
 * refer to. Undefined when nothing limits the writer.
 */
export function rowCheck(
  entity: Entity,
  written: ReadonlyMap<Column, unknown>,
  { registry, access }: RequestRules,
): RowCheck | undefined {
  const scope = access.visible(entity)
  const names = new Set([...written.keys()].map(({ sqlName }) => sqlName))
  const references = entity.foreignKeys.flatMap((key) => {
    const related = registry.ofTable(key.tableName)
    const visible = related ? access.visible(related) : EVERY_ROW
    if (!related || visible === EVERY_ROW || !key.local.some((name) => names.has(name))) return []
    return [{ ...key, entity: related, scope: visible }]
  })
  return scope === EVERY_ROW && references.length === 0 ? undefined : { scope, references }
}
