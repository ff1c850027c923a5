import type { Listening } from './listener.ts'

/**
 * One SQL statement for the database.
 *
 * Every parameter is a Postgres text literal (or null), and the SQL casts it: `$1::text::int4`. So each driver
 * sees text only, no driver guesses a type, and a value is encoded in one place (`column/`).
 */
export interface Statement {
  readonly text: string
  readonly params: readonly (string | null)[]
  /** A driver that has its cells as bytes may leave them so; see `runRaw`, which alone asks for it. */
  readonly raw?: true
  /** Called before the rows are there, with what their cells are: for statements that we have not written ourselves. */
  readonly describe?: ((columns: readonly ResultColumn[]) => void) | undefined
}

/** A column of a result: its name and the oid of its type. */
export interface ResultColumn {
  readonly name: string
  readonly type: number
}

/** A cell as a driver has it: a string, or its bytes as they came from Postgres. */
export type RawText = string | Buffer

/** The cells of one result row. Statements select text only, so a cell is a string or NULL. */
export type Cells = readonly (string | null)[]

/** Something that runs statements: the database itself, or one open transaction. */
export interface Runner {
  /** Runs one statement and returns its rows. Rejects with `DatabaseError` only. */
  run(statement: Statement): Promise<readonly Cells[]>
}

/**
 * A database, whatever driver is behind it. PGlite, postgres.js and node-postgres are siblings under this interface.
 *
 * - An implementation MUST reject with `DatabaseError`, never with a driver's own error.
 * - It MUST survive the database going away: each pending call rejects (`connectionLost`), a later call reconnects,
 *   and nothing is ever thrown outside a promise.
 * - It MUST NOT run a statement of a transaction outside of it, also when the connection is cut half-way.
 * - Its sessions run in `TimeZone=UTC`, with `mqttspec.server=1` where nobody else has them.
 */
export interface Database extends Runner {
  readonly kind: 'pglite' | 'postgres' | 'node-postgres'
  /** Runs `body` in one transaction: commits when it resolves, rolls back and rethrows when it rejects. */
  transaction<T>(body: (transaction: Runner) => Promise<T>): Promise<T>
  /** Runs a script of several statements without parameters: set-up and migrations only, never a request. */
  script(sql: string): Promise<void>
  /**
   * Listens to a channel, whose name is ours, on a connection of its own: `heard` is called at each notification, and each
   * time that it begins to listen. Not there where nobody else can write.
   */
  readonly listen?: ((channel: string, heard: () => void) => Listening) | undefined
  /** Ends every connection. Calling it again is fine; calls after it reject with `unavailable`'s cause. */
  close(): Promise<void>
}
