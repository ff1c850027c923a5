import { type Preload, SpecError } from '@mqttspec/protocol'
import { both } from '../access/access.ts'
import type { Entity } from '../entity/entity.ts'
import type { Path } from '../query/condition.ts'
import type { PreloadRead } from '../query/read.ts'
import type { RequestRules } from './request-rules.ts'
import { resolveColumns } from './resolve-columns.ts'
import { resolveFilters } from './resolve-filters.ts'
import { resolvePage } from './resolve-page.ts'
import { resolveSort } from './resolve-sort.ts'

/** Checks the relations to send along, however deep. Throws `invalid_preload` with a path. */
export function resolvePreload(
  entity: Entity,
  preload: readonly Preload[] | undefined,
  rules: RequestRules,
  path: Path,
  above: readonly string[] = [],
): readonly PreloadRead[] {
  if (!preload || preload.length === 0) return []
  if (above.length >= rules.limits.maxPreloadDepth) {
    throw wrong(`Preloads nest at most ${rules.limits.maxPreloadDepth} deep.`, path)
  }
  const seen = new Set<string>()
  return preload.map((item, index) => {
    const at = [...path, index]
    if (seen.has(item.relation)) throw wrong(`${item.relation.slice(0, 100)} is preloaded twice.`, [...at, 'relation'])
    seen.add(item.relation)
    return resolveOne(entity, item, rules, at, above)
  })
}

function resolveOne(
  entity: Entity,
  item: Preload,
  rules: RequestRules,
  path: Path,
  above: readonly string[],
): PreloadRead {
  const relation = entity.relations.get(item.relation)
  if (!relation) {
    throw wrong(`${entity.name} has no relation ${JSON.stringify(item.relation.slice(0, 100))}.`, [...path, 'relation'])
  }
  const related = rules.registry.related(relation)
  rules.access.check(related, 'read')
  const names = [...above, relation.name]
  return {
    relation,
    place: names.join('.'),
    entity: related,
    columns: resolveColumns(related, item, path),
    where: both(
      rules.access.visible(related),
      resolveFilters(related, item.filters, rules.limits, [...path, 'filters']),
    ),
    sort: resolveSort(related, item.sort, [...path, 'sort']),
    ...resolvePage(item, rules.limits, path),
    preload: resolvePreload(related, item.preload, rules, [...path, 'preload'], names),
  }
}

const wrong = (message: string, path: Path) => new SpecError('invalid_preload', message, { path: [...path] })
