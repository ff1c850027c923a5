import { type Sort, SpecError } from '@mqttspec/protocol'
import type { Entity } from '../entity/entity.ts'
import type { Path } from '../query/condition.ts'
import type { SortTerm } from '../query/read.ts'
import { codeAt } from './explain-issues.ts'
import { resolveColumn } from './resolve-columns.ts'

/** The order of a read: what was asked, then the primary key. Throws `invalid_options`. */
export function resolveSort(entity: Entity, sort: readonly Sort[] | undefined, path: Path): readonly SortTerm[] {
  const asked = (sort ?? []).map((term, index) => resolveTerm(entity, term, [...path, index]))
  const named = new Set(asked.map(({ column }) => column))
  const key = entity.key
    .filter((column) => !named.has(column))
    .map((column) => ({ column, descending: false, nulls: undefined }))
  return [...asked, ...key]
}

function resolveTerm(entity: Entity, term: Sort, path: Path): SortTerm {
  const column = resolveColumn(entity, term.column, [...path, 'column'])
  if (!column.kind.sql.order) {
    throw new SpecError(codeAt(path), `${term.column} is ${column.kind.type}, which has no order.`, {
      path: [...path, 'column'],
    })
  }
  const nulls = term.nulls?.toLowerCase()
  return {
    column,
    descending: term.direction?.toLowerCase() === 'desc',
    nulls: nulls === 'first' || nulls === 'last' ? nulls : undefined,
  }
}
