import { DatabaseError } from './database-error.ts'

/**
 * The fields of Postgres's error message, under the names that postgres.js (`table_name`) or node-postgres and
 * PGlite (`table`) give them. https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
interface PostgresFields {
  readonly message?: unknown
  readonly code?: unknown
  readonly severity?: unknown
  readonly schema?: unknown
  readonly schema_name?: unknown
  readonly table?: unknown
  readonly table_name?: unknown
  readonly column?: unknown
  readonly column_name?: unknown
  readonly constraint?: unknown
  readonly constraint_name?: unknown
}

/** After one of these the server ends the connection. */
const FATAL = new Set(['FATAL', 'PANIC'])

/**
 * What a driver threw, as a `DatabaseError`. With a SQLSTATE it is Postgres's answer; without one, nobody answered,
 * and the connection counts as lost.
 */
export function toDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const fields = fieldsOf(error)
  const sqlState = sqlStateOf(fields)
  return new DatabaseError(
    text(fields.message) || 'The database connection failed.',
    {
      sqlState,
      connectionLost: sqlState === undefined || isConnectionLoss(sqlState, fields),
      schema: text(fields.schema) ?? text(fields.schema_name),
      table: text(fields.table) ?? text(fields.table_name),
      column: text(fields.column) ?? text(fields.column_name),
      constraint: text(fields.constraint) ?? text(fields.constraint_name),
    },
    error,
  )
}

/** The error of an opening: whatever the server said, there is no connection. */
export function toOpenError(error: unknown): DatabaseError {
  const { message, sqlState } = toDatabaseError(error)
  return new DatabaseError(message, { sqlState, connectionLost: true }, error)
}

function fieldsOf(error: unknown): PostgresFields {
  if (error instanceof AggregateError && error.errors.length > 0) return fieldsOf(error.errors[0])
  return typeof error === 'object' && error !== null ? error : { message: String(error) }
}

/** Node's own codes (`EPIPE`) are as long as a SQLSTATE; only Postgres's errors have a severity. */
function sqlStateOf(fields: PostgresFields): string | undefined {
  const code = text(fields.code)
  return text(fields.severity) !== undefined && code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

function isConnectionLoss(sqlState: string, fields: PostgresFields): boolean {
  return FATAL.has(text(fields.severity) ?? '') || sqlState.startsWith('08')
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
