/** What a failed statement tells, in one form for every driver. It holds SQL and values: it is logged, never sent. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  /** The five-character SQLSTATE, or undefined when the server could not be asked (connection, closed). */
  readonly sqlState: string | undefined
  /** The connection was lost or could not be had: whether the statement ran is not known. */
  readonly connectionLost: boolean
  readonly schema: string | undefined
  readonly table: string | undefined
  readonly column: string | undefined
  readonly constraint: string | undefined
  /** Which row of a write of many it is about. */
  readonly index: number | undefined
  /** Where in the message the row stands, if it is a related one. */
  readonly path: readonly (string | number)[] | undefined

  constructor(message: string, facts: DatabaseErrorFacts, cause?: unknown) {
    super(message, { cause })
    this.sqlState = facts.sqlState
    this.connectionLost = facts.connectionLost ?? false
    this.schema = facts.schema
    this.table = facts.table
    this.column = facts.column
    this.constraint = facts.constraint
    this.index = facts.index
    this.path = facts.path
  }
}

export interface DatabaseErrorFacts {
  readonly sqlState?: string | undefined
  readonly connectionLost?: boolean
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
  readonly index?: number | undefined
  readonly path?: readonly (string | number)[] | undefined
}
