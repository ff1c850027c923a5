import { SpecError } from '@mqttspec/protocol'
import type { Entity } from '../entity/entity.ts'
import { failedCheck } from '../query/check-sql.ts'
import { isReplyTooLarge } from '../query/request-log.ts'
import { DatabaseError } from './database-error.ts'

/**
 * What a client is told of a failed statement: the cause's code, and of a constraint its name and columns. Values, SQL
 * and Postgres's own text stay in `cause`. Undefined when the failure is a bug of ours.
 */
export function explainDatabaseError(error: DatabaseError, entities: Entities): SpecError | undefined {
  if (isReplyTooLarge(error.message)) return replyTooLarge(error)
  const failed = failedCheck(error.message)
  if (failed === '') {
    return new SpecError('forbidden', 'The row would be outside what you may write.', detailsOf(error), error)
  }
  // A row out of scope is told as no row: by the very words of the constraint itself.
  if (failed !== undefined) return explain(asForeignKey(error, failed), entities)
  return explain(error, entities)
}

/** The error for a write that was not done, since its reply would be too large. */
export const replyTooLarge = (cause?: unknown): SpecError =>
  new SpecError('payload_too_large', 'The answer would be too large; nothing was stored.', undefined, cause)

function explain(error: DatabaseError, entities: Entities): SpecError | undefined {
  if (error.connectionLost) return new SpecError('unavailable', 'The database is away; try again.', undefined, error)
  const state = error.sqlState ?? ''
  const known = BY_STATE.get(state) ?? BY_CLASS.get(state.slice(0, 2))
  if (!known) return undefined
  const [code, message] = known
  const ofTable = entities.ofTable(`${error.schema ?? 'public'}.${error.table}`)
  const entity = ofTable ?? entities.withConstraint(error.constraint ?? '')
  const details = { ...(state.startsWith('23') && constraintDetails(error, entity)), ...detailsOf(error) }
  return new SpecError(code, message, Object.keys(details).length > 0 ? details : undefined, error)
}

const detailsOf = ({ index, path }: DatabaseError) => ({
  ...(index !== undefined && { index }),
  ...(path && { path: [...path] }),
})

function asForeignKey(error: DatabaseError, constraint: string): DatabaseError {
  return new DatabaseError(error.message, { ...error, sqlState: '23503', constraint }, error)
}

type Explanation = readonly [SpecError['code'], string]

const AWAY: Explanation = ['unavailable', 'The database cannot do this now; try again.']

const BY_STATE = new Map<string, Explanation>([
  ['23505', ['conflict', 'A row with the same unique value exists.']],
  ['23503', ['constraint_violation', 'A row that this one refers to is not there, or this one is still referred to.']],
  ['23502', ['constraint_violation', 'A column that cannot be null has no value.']],
  ['23514', ['constraint_violation', 'A value breaks a rule of the table.']],
  ['23P01', ['conflict', 'The row collides with another one.']],
  ['42883', ['invalid_options', 'A column cannot be compared in this way.']],
  ['57014', ['timeout', 'It took too long; ask for less at once.']],
  ['55P03', ['timeout', 'The row is locked for too long; try again.']],
  ['40001', AWAY],
  ['40P01', AWAY],
  ['25006', AWAY],
  ['42501', ['forbidden', "The server's database role may not do this."]],
])

const BY_CLASS = new Map<string, Explanation>([
  ['08', AWAY],
  ['53', AWAY],
  ['57', AWAY],
  ['58', AWAY],
  ['22', ['invalid_data', 'A value does not fit its column.']],
  ['23', ['constraint_violation', 'The row breaks a constraint.']],
])

/** Where entities are found by what Postgres names in an error. */
interface Entities {
  ofTable(tableName: string): Entity | undefined
  withConstraint(name: string): Entity | undefined
}

function constraintDetails(error: DatabaseError, entity: Entity | undefined) {
  const columns = error.constraint === undefined ? undefined : entity?.constraints.get(error.constraint)
  const column = entity?.visibleColumns.find(({ sqlName }) => sqlName === `"${error.column}"`)
  const named = columns ?? (column && [column.name])
  return {
    ...(error.constraint !== undefined && { constraint: error.constraint }),
    ...(named && named.length > 0 && { columns: [...named] }),
  }
}
