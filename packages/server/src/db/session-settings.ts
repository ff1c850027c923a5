import type { Logger } from '../logger.ts'

/** What an operator may say about the connections to a Postgres server. Times in milliseconds. */
export interface PostgresOptions {
  readonly logger: Logger
  /** How many connections are opened at most. 10 by default. */
  readonly maxConnections?: number | undefined
  /** 5,000 by default. */
  readonly statementTimeoutMs?: number | undefined
  /** 2,000 by default. */
  readonly lockTimeoutMs?: number | undefined
  /** 10,000 by default. */
  readonly idleInTransactionTimeoutMs?: number | undefined
  /** How long an opening may take. 10,000 by default. */
  readonly connectTimeoutMs?: number | undefined
}

export const DEFAULT_MAX_CONNECTIONS = 10
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_STATEMENT_TIMEOUT_MS = 5_000
const DEFAULT_LOCK_TIMEOUT_MS = 2_000
const DEFAULT_IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000

/** How much later than the server's own timeout an answer may come before the connection counts as lost. */
const SILENCE_MARGIN_MS = 5_000

/** What fixes the text of every value, whatever the server's defaults are. */
export const TEXT_SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
}

/** The parameters every session on a Postgres server starts with; `RESET ALL` comes back to them. */
export function sessionSettings(options: PostgresOptions): Record<string, string> {
  return {
    ...TEXT_SETTINGS,
    statement_timeout: String(options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS),
    lock_timeout: String(options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(
      options.idleInTransactionTimeoutMs ?? DEFAULT_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    ),
    // Statements here are small: to compile a plan whose cost was guessed too high takes longer than any of them.
    jit: 'off',
    'mqttspec.server': '1',
  }
}

/** How long a session may have statements pending without one being answered. */
export function silenceMs({ statementTimeoutMs = DEFAULT_STATEMENT_TIMEOUT_MS }: PostgresOptions): number {
  return statementTimeoutMs === 0 ? Number.POSITIVE_INFINITY : statementTimeoutMs + SILENCE_MARGIN_MS
}
