import { SpecError } from '@mqttspec/protocol'
import type { Column, Entity } from '../entity/entity.ts'
import type { Path } from '../query/condition.ts'
import { codeAt } from './explain-issues.ts'

/** The column of this name, computed or not. Throws `invalid_options` with the path of the name. */
export function resolveColumn(entity: Entity, name: string, path: Path): Column {
  const column = entity.columns.get(name) ?? entity.computed.get(name)
  if (column) return column
  throw new SpecError(codeAt(path), `${entity.name} has no column ${JSON.stringify(name.slice(0, 100))}.`, {
    path: [...path],
  })
}

/** Which columns an answer has, in the entity's order; computed ones only if they are named. Throws `invalid_options`. */
export function resolveColumns(
  entity: Entity,
  options: { readonly columns?: readonly string[] | undefined; readonly omit_columns?: readonly string[] | undefined },
  path: Path,
): readonly Column[] {
  const resolve = (names: readonly string[] | undefined, option: string) =>
    names && new Set(names.map((name, index) => resolveColumn(entity, name, [...path, option, index])))
  const only = resolve(options.columns, 'columns')
  const without = resolve(options.omit_columns, 'omit_columns')
  if (!only && !without) return entity.visibleColumns
  const named = only
    ? [...entity.visibleColumns, ...entity.computed.values()].filter((column) => only.has(column))
    : entity.visibleColumns
  return named.filter((column) => !without?.has(column))
}
