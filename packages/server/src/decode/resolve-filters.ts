import { type Filter, type Limits, SpecError } from '@mqttspec/protocol'
import type { Entity } from '../entity/entity.ts'
import { type Condition, EVERY_ROW, type Path } from '../query/condition.ts'
import { codeAt } from './explain-issues.ts'
import { resolveComparison } from './resolve-comparison.ts'

/** What filters may be. */
export type FilterLimits = Pick<Limits, 'maxFilterDepth' | 'maxFilterNodes' | 'maxListValues' | 'maxPatternLength'>

/** Checks a list of filters against an entity and makes a condition of it. Throws `invalid_options` with a path. */
export function resolveFilters(
  entity: Entity,
  filters: readonly Filter[] | undefined,
  limits: FilterLimits,
  path: Path,
): Condition {
  if (!filters || filters.length === 0) return EVERY_ROW
  const walk = new FilterWalk(entity, limits)
  return walk.list(filters, path, 1)
}

class FilterWalk {
  #nodes = 0
  readonly #entity: Entity
  readonly #limits: FilterLimits

  constructor(entity: Entity, limits: FilterLimits) {
    this.#entity = entity
    this.#limits = limits
  }

  /** A flat list: ANDed, but each filter that says OR joins the one before it: `[A, B(OR), C]` is `(A OR B) AND C`. */
  list(filters: readonly Filter[], path: Path, depth: number): Condition {
    const groups: Condition[][] = []
    for (const [index, filter] of filters.entries()) {
      const condition = this.#one(filter, [...path, index], depth)
      const group = groups.at(-1)
      if (group && filter.logic_operator?.toUpperCase() === 'OR') group.push(condition)
      else groups.push([condition])
    }
    return all(groups.map((of) => (of.length === 1 && of[0] ? of[0] : { is: 'any', of })))
  }

  #one(filter: Filter, path: Path, depth: number): Condition {
    if (++this.#nodes > this.#limits.maxFilterNodes) {
      throw tooMuch(`at most ${this.#limits.maxFilterNodes} filters and groups`, path)
    }
    if (depth > this.#limits.maxFilterDepth)
      throw tooMuch(`filters nest at most ${this.#limits.maxFilterDepth} deep`, path)
    if ('column' in filter) return resolveComparison(this.#entity, filter, this.#limits, path)
    if ('and' in filter) return this.list(filter.and, [...path, 'and'], depth + 1)
    if ('not' in filter) return { is: 'not', of: this.#one(filter.not, [...path, 'not'], depth + 1) }
    return { is: 'any', of: filter.or.map((child, index) => this.#one(child, [...path, 'or', index], depth + 1)) }
  }
}

const all = (of: readonly Condition[]): Condition => (of.length === 1 && of[0] ? of[0] : { is: 'all', of })

const tooMuch = (what: string, path: Path) =>
  new SpecError(codeAt(path), `The filter is too large: ${what}.`, { path: [...path] })
