import { SpecError, whereToFilters } from '@mqttspec/protocol'
import { resolveFilters } from '../decode/resolve-filters.ts'
import type { Column, Entity } from '../entity/entity.ts'
import { type Condition, EVERY_ROW, type Literal, NO_ROW } from '../query/condition.ts'
import type { Operation } from './rules.ts'

// A scope is the server's own: its size is the programmer's business.
const LIMITS = { maxFilterDepth: 32, maxFilterNodes: 10_000, maxListValues: 100_000, maxPatternLength: 10_000 }

/**
 * What one request may do: the answers of the entities' rules for who asks, each asked once.
 *
 * Every limit on rows is a condition that is ANDed around what the client sent, as a tree.
 */
export class Access {
  readonly auth: unknown
  readonly #reliesOnPolicies: boolean
  readonly #scopes = new Map<string, Condition>()
  readonly #restrictions = new Map<string, Condition>()

  /** `reliesOnPolicies`: Postgres limits rows too, by policies that decide nothing of what is told of a change. */
  constructor(auth: unknown, reliesOnPolicies = false) {
    this.auth = auth
    this.#reliesOnPolicies = reliesOnPolicies
  }

  /** The rows of an entity that may be seen, changed and made. */
  scope(entity: Entity): Condition {
    const known = this.#scopes.get(entity.name)
    if (known) return known
    const { scope } = entity.rules
    const own = scope ? conditionOf(entity, scope(this.auth)) : EVERY_ROW
    this.#scopes.set(entity.name, own)
    return own
  }

  /** The scope, and what hooks have narrowed it to for this request. */
  visible(entity: Entity): Condition {
    const restriction = this.#restrictions.get(entity.name)
    return restriction ? both(this.scope(entity), restriction) : this.scope(entity)
  }

  /** Narrows what this request may see of an entity. Nothing widens it again. */
  restrict(entity: Entity, where: object | boolean): void {
    const narrower = conditionOf(entity, where)
    this.#restrictions.set(entity.name, both(this.#restrictions.get(entity.name) ?? EVERY_ROW, narrower))
  }

  /**
   * Throws `forbidden` when this entity's rules do not allow the operation. Where Postgres limits rows by policies,
   * subscribing takes a scope: what a policy hides from reads would be told otherwise.
   */
  check(entity: Entity, operation: Operation): void {
    if (operation === 'subscribe' && this.#reliesOnPolicies && !entity.rules.scope) {
      throw new SpecError('forbidden', `You may not subscribe ${entity.name}: it has no scope to go by.`)
    }
    const permission = entity.rules.allow?.[operation] ?? true
    if (permission === true || (typeof permission === 'function' && permission(this.auth) === true)) return
    throw new SpecError('forbidden', `You may not ${operation} ${entity.name}.`)
  }

  /** The columns that the server sets on a new row. */
  stamps(entity: Entity): ReadonlyMap<Column, Literal | null> {
    return new Map(
      Object.entries(entity.rules.stamp ?? {}).map(([name, stamp]) => {
        const column = entity.allColumns.find((candidate) => candidate.name === name)
        const value = stamp(this.auth)
        if (!column) throw new Error(`stamp names ${name}, which is no column of ${entity.name}`)
        if (value === null) return [column, null]
        const text = column.kind.encode(toWire(value))
        if (text === undefined) throw new Error(`the stamp of ${entity.name}.${name} does not fit its column`)
        return [column, { text, cast: column.kind.cast }]
      }),
    )
  }
}

/** Two conditions that must both hold. */
export function both(left: Condition, right: Condition): Condition {
  if (left === EVERY_ROW) return right
  return right === EVERY_ROW ? left : { is: 'all', of: [left, right] }
}

function conditionOf(entity: Entity, where: unknown): Condition {
  if (where === true) return EVERY_ROW
  if (where === false) return NO_ROW
  // A scope that comes to nothing by mistake must not mean everything.
  if (typeof where !== 'object' || where === null) {
    throw new Error(`the scope of ${entity.name} is ${String(where)}: it is a filter, true or false`)
  }
  // The server's own conditions may be about hidden columns too.
  const unrestricted = { ...entity, columns: entity.everyColumn }
  return resolveFilters(unrestricted, whereToFilters(toWire(where) as object), LIMITS, ['scope'])
}

/** What a server's own code has as Date or bigint, as the wire has it. */
function toWire(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(toWire)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toWire(child)]))
}
