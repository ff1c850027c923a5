import { type NamedExpression, SpecError } from '@mqttspec/protocol'
import type { Column, Entity } from '../entity/entity.ts'
import { type Condition, EVERY_ROW } from '../query/condition.ts'

/** The conditions of `options.customOperators`, all of which must hold. Throws `invalid_options`. */
export function resolveCustomOperators(entity: Entity, named: readonly NamedExpression[] | undefined): Condition {
  if (!named || named.length === 0) return EVERY_ROW
  const of = named.map(({ name, value }, index): Condition => {
    const path = ['options', 'customOperators', index]
    const operator = entity.operators.get(name)
    if (!operator) throw unknown(entity, 'operator', name, [...path, 'name'])
    return { is: 'expression', of: operator(value), path }
  })
  return { is: 'all', of }
}

/** The columns of `options.computedColumns`. Throws `invalid_options`. */
export function resolveComputedColumns(
  entity: Entity,
  named: readonly NamedExpression[] | undefined,
): readonly Column[] {
  return (named ?? []).map(({ name, value }, index) => {
    const path = ['options', 'computedColumns', index]
    const column = entity.computed.get(name)
    if (!column) throw unknown(entity, 'computed column', name, [...path, 'name'])
    if (value === undefined) return column
    throw new SpecError('invalid_options', `${name} takes no value.`, { path: [...path, 'value'] })
  })
}

const unknown = (entity: Entity, what: string, name: string, path: (string | number)[]) =>
  new SpecError('invalid_options', `${entity.name} has no ${what} ${JSON.stringify(name.slice(0, 64))}.`, { path })
