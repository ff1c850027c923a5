import type { Limits, SubscribeRequest } from '@mqttspec/protocol'
import { compileCondition } from '../change/match/compile-condition.ts'
import type { Entity } from '../entity/entity.ts'
import type { Subscription } from '../session/subscription.ts'
import { refuseUnbuilt } from './refuse-unbuilt.ts'
import { resolveColumns } from './resolve-columns.ts'
import { resolveFilters } from './resolve-filters.ts'

/** Checks what a client wants to be told of. Throws `invalid_options`, also for what only Postgres can decide. */
export function resolveSubscribe(
  entity: Entity,
  { options = {} }: SubscribeRequest,
  clientId: string,
  limits: Limits,
): Omit<Subscription, 'id' | 'asked'> {
  refuseUnbuilt(options, ['since', 'snapshot', 'durable'])
  const filters = resolveFilters(entity, options.filters, limits, ['options', 'filters'])
  return {
    clientId,
    entity,
    columns: resolveColumns(entity, options, ['options']),
    matches: compileCondition(filters),
    previous: options.previous ?? false,
  }
}
