import { DEFAULT_LIMITS, type Filter } from '@mqttspec/protocol'
import { Access } from '../../packages/server/src/access/access.ts'
import type { Change, Row } from '../../packages/server/src/change/change.ts'
import { RowTests } from '../../packages/server/src/change/match/row-tests.ts'
import { resolveSubscribe } from '../../packages/server/src/decode/resolve-subscribe.ts'
import { buildEntity } from '../../packages/server/src/entity/build-entity.ts'
import { Registry } from '../../packages/server/src/entity/registry.ts'
import type { Condition } from '../../packages/server/src/query/condition.ts'
import {
  askedOf,
  newSubscription,
  readAsked,
  type Subscription,
} from '../../packages/server/src/session/subscription.ts'
import * as schema from '../schema.ts'

const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const columns = ['id', 'person_id', 'body', 'rank', 'created_at']
const table = {
  columns: new Map(columns.map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const source = { schema, wireNames: 'property', casing: undefined } as const

/** The table `notes`, as a server has it. */
export const notes = buildEntity(source, { schemaKey: 'notes', options: {} }, new Map([['public.notes', table]]))

/** Owners that there are, as values of `personId`. */
const OWNERS = 1_000
const BODIES = ['new', 'open', 'done', 'gone']

/** What subscriptions ask for: in `selective` each an owner, a state and a range; `mixed` is as clients may come. */
export type Mix = 'selective' | 'mixed' | 'ranges'

/** The filters of the n-th subscription, three terms each. */
export function filtersOf(mix: Mix, n: number): readonly Filter[] {
  const owner: Filter = { column: 'personId', operator: 'eq', value: pick(n, OWNERS) }
  const state: Filter = { column: 'body', operator: 'eq', value: BODIES[pick(n * 7, 4)] }
  const above: Filter = { column: 'rank', operator: 'gt', value: pick(n * 13, 1_000) }
  const low = pick(n * 17, 990)
  const within: Filter = { column: 'rank', operator: 'between_inclusive', value: [low, low + 9] }
  const not: Filter = { column: 'body', operator: 'neq', value: 'gone' }
  if (mix === 'ranges') return [within, not, { column: 'personId', operator: 'gte', value: 0 }]
  if (mix === 'selective' || n % 20 > 3) return [owner, state, above]
  // Of a hundred: ten with ranges alone, five with a state and a range, five with a pattern that no index helps.
  if (n % 20 < 2) return [within, not, { column: 'personId', operator: 'lt', value: pick(n, OWNERS) }]
  if (n % 20 === 2) return [state, within, not]
  return [{ column: 'body', operator: 'contains', value: `${n}` }, above, not]
}

const rules = {
  registry: new Registry([notes]),
  limits: DEFAULT_LIMITS,
  access: new Access(undefined),
  tests: new RowTests(),
}

const clientIds = new Map<number, string>()

/** Clients have fifty each; what one is called is kept once, by its session. */
function clientIdOf(n: number): string {
  const number = Math.floor(n / 50)
  const clientId = clientIds.get(number) ?? `client${number}`
  clientIds.set(number, clientId)
  return clientId
}

/** The n-th subscription and its condition, as the server makes them of the message of a client. */
export function subscriptionOf(mix: Mix, n: number): { subscription: Subscription; where: Condition } {
  const asked = askedOf({ id: `s${n}`, entity: 'notes', options: { filters: [...filtersOf(mix, n)] } })
  const wanted = resolveSubscribe(notes, readAsked(asked), clientIdOf(n), rules)
  return { subscription: newSubscription(wanted, `sub${String(n).padStart(9, '0')}`, asked), where: wanted.where }
}

/** The n-th change: a note of some owner gets another rank, and sometimes another state. */
export function changeOf(n: number): Change {
  const row = (at: number): Row => ({
    id: n,
    personId: pick(n * 31, OWNERS),
    body: BODIES[pick(at * 3, 4)],
    rank: pick(at * 11, 1_000),
    createdAt: '2026-01-01T00:00:00+00:00',
  })
  return {
    entity: notes,
    operation: 'update',
    old: row(n),
    new: row(n % 4 === 0 ? n + 1 : n + 4),
    timestamp: '2026-01-01T00:00:00Z',
  }
}

/** A number below `below`, the same for the same `n`, and no pattern that an index could live of. */
function pick(n: number, below: number): number {
  let hash = Math.imul(n + 1, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) % below
}
