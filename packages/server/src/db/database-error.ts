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

  constructor(message: string, facts: DatabaseErrorFacts, cause?: unknown) {
    super(message, { cause })
    this.sqlState = facts.sqlState
    this.connectionLost = facts.connectionLost ?? false
    this.schema = facts.schema
    this.table = facts.table
    this.column = facts.column
    this.constraint = facts.constraint
  }
}

export interface DatabaseErrorFacts {
  readonly sqlState?: string | undefined
  readonly connectionLost?: boolean
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
}
