import { isSpecError, SpecError } from '@mqttspec/protocol'
import { DatabaseError } from '../db/database-error.ts'
import { explainDatabaseError } from '../db/explain-error.ts'
import type { Registry } from '../entity/registry.ts'
import type { Logger } from '../logger.ts'

/** What failed, in the log's words. */
interface Failed {
  readonly clientId: string
  readonly request: string
}

/** Whatever was thrown, as what the client is told. A bug is logged in full, and only its request id travels. */
export function explainFailure(error: unknown, failed: Failed, registry: Registry, logger: Logger): SpecError {
  if (isSpecError(error)) return error
  const known = error instanceof DatabaseError ? explainDatabaseError(error, registry) : undefined
  if (known) return known
  logger.error({ ...failed, err: error }, 'a request failed in a way that was not foreseen')
  return new SpecError(
    'internal',
    'Something went wrong in the server; its log says what.',
    { request: failed.request },
    error,
  )
}
