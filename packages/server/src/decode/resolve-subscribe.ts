import { CLIENT_ID, SpecError } from '@mqttspec/protocol'
import { both } from '../access/access.ts'
import type { RowTests } from '../change/match/row-tests.ts'
import type { Entity } from '../entity/entity.ts'
import type { Asked, Wanted } from '../session/subscription.ts'
import type { RequestRules } from './request-rules.ts'
import { resolveColumns } from './resolve-columns.ts'
import { resolveFilters } from './resolve-filters.ts'

/** Checks what a client wants to be told of. Throws `invalid_options`, also for what only Postgres can decide. */
export function resolveSubscribe(
  entity: Entity,
  { options = {} }: Asked,
  clientId: string,
  { access, limits, tests }: RequestRules & { readonly tests: RowTests },
): Wanted {
  access.check(entity, 'subscribe')
  access.check(entity, 'read')
  checkName(options.durable)
  const filters = resolveFilters(entity, options.filters, limits, ['options', 'filters'])
  const scope = access.visible(entity)
  const where = both(scope, filters)
  const columns = resolveColumns(entity, options, ['options'])
  const computed = columns.find(({ expression }) => expression)
  if (computed) throw onlyInReads(computed.name, options.columns)
  return {
    clientId,
    entity,
    columns,
    where,
    matches: tests.of(where),
    inScope: tests.of(scope),
    previous: options.previous ?? false,
  }
}

/** A name is kept in the database and in logs: as a client id is, it is short and plain. */
function checkName(name: string | undefined): void {
  if (name === undefined || CLIENT_ID.test(name)) return
  throw new SpecError('invalid_options', 'A name is 1 to 64 letters, digits, and "_", ".", ":", "-".', {
    path: ['options', 'durable'],
  })
}

const onlyInReads = (name: string, columns: readonly string[] | undefined) =>
  new SpecError('invalid_options', `A subscription cannot name ${name}: only Postgres can compute it.`, {
    path: ['options', 'columns', columns?.indexOf(name) ?? 0],
  })
