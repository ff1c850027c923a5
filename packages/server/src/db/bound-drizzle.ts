import { Column, createTableRelationsHelpers, extractTablesRelationalConfig, is, type Query } from 'drizzle-orm'
import {
  PgDialect,
  PgSession,
  PgTransaction,
  type PgTransactionConfig,
  type PreparedQueryConfig,
} from 'drizzle-orm/pg-core'
import { PgRemoteDatabase, type PgRemoteQueryResultHKT, PgRemoteSession } from 'drizzle-orm/pg-proxy'
import type { Database, ResultColumn, Runner } from './database.ts'
import { fromCell, toLiteral } from './driver-value.ts'

/** Drizzle over something of ours that runs statements, with the user's schema. */
export type BoundDrizzle = PgRemoteDatabase<Record<string, unknown>>

/** Gives a Drizzle over a database, or bound to one of its transactions. Cheap: the schema is looked through once. */
export type BindDrizzle = (runner: Runner | Database) => BoundDrizzle

type Fields = Parameters<PgRemoteSession<Schema, Tables>['prepareQuery']>[1]
type Schema = Record<string, unknown>
type Tables = ReturnType<typeof extractTablesRelationalConfig>['tables']
type RelationalSchema = ConstructorParameters<typeof PgRemoteDatabase<Schema>>[2]
type Transaction = PgTransaction<PgRemoteQueryResultHKT, Schema, Tables>

/** Prepares to bind Drizzle with a schema. Over a transaction, Drizzle's own transactions are savepoints of it. */
export function bindDrizzle(fullSchema: Schema, casing: 'snake_case' | 'camelCase' | undefined): BindDrizzle {
  const dialect = new PgDialect(casing === undefined ? {} : { casing })
  const { tables: schema, tableNamesMap } = extractTablesRelationalConfig(fullSchema, createTableRelationsHelpers)
  const relational = { fullSchema, schema, tableNamesMap } as unknown as RelationalSchema
  return (runner) => new PgRemoteDatabase(dialect, new BoundSession(dialect, runner, relational), relational)
}

/** Drizzle's way to a runner. Its values come and go as they would through node-postgres. */
class BoundSession extends PgSession<PgRemoteQueryResultHKT, Schema, Tables> {
  readonly #dialect: PgDialect
  readonly #runner: Runner | Database
  readonly #schema: RelationalSchema

  constructor(dialect: PgDialect, runner: Runner | Database, schema: RelationalSchema) {
    super(dialect)
    this.#dialect = dialect
    this.#runner = runner
    this.#schema = schema
  }

  prepareQuery<T extends PreparedQueryConfig>(
    query: Query,
    fields: Fields,
    ...rest: Parameters<PgSession['prepareQuery']> extends [unknown, unknown, ...infer Rest] ? Rest : never
  ) {
    // Drizzle's own session over a callback does the mapping; one for each query, since the callback is not told which.
    const session = new PgRemoteSession<Schema, Tables>(
      async (text, params, method) => ({ rows: await this.#rows(text, params, method === 'all', fields) }),
      this.#dialect,
      undefined,
    )
    return session.prepareQuery<T>(query, fields, ...(rest as [string | undefined, boolean]))
  }

  /** Of Drizzle's own queries as arrays, of SQL as objects by the names of the columns. */
  async #rows(text: string, params: readonly unknown[], asArrays: boolean, fields: Fields): Promise<unknown[]> {
    // What PGlite says of an empty statement is what it says when it has broken.
    if (text.trim() === '') return []
    let columns: readonly ResultColumn[] = []
    const describe = (described: readonly ResultColumn[]) => {
      columns = described
    }
    const rows = await this.#runner.run({ text, params: params.map(toLiteral), describe })
    return rows.map((cells) => {
      const values = columns.map(({ type }, index) => {
        const ofColumn = asArrays && (!fields || is(fields[index]?.field, Column))
        return fromCell(cells[index] ?? null, type, ofColumn)
      })
      return asArrays ? values : Object.fromEntries(columns.map(({ name }, index) => [name, values[index]]))
    })
  }

  transaction<T>(body: (transaction: Transaction) => Promise<T>, config?: PgTransactionConfig): Promise<T> {
    if (!('transaction' in this.#runner)) return this.savepoint(0, body)
    return this.#runner.transaction(async (runner) => {
      const session = new BoundSession(this.#dialect, runner, this.#schema)
      const transaction = new BoundTransaction(this.#dialect, session, this.#schema)
      if (config) await transaction.setTransaction(config)
      return body(transaction)
    })
  }

  /** Runs `body` in a savepoint of the transaction that this session is bound to. */
  async savepoint<T>(depth: number, body: (transaction: Transaction) => Promise<T>): Promise<T> {
    const name = `drizzle_${depth}`
    const run = (text: string) => this.#runner.run({ text, params: [] })
    await run(`savepoint ${name}`)
    try {
      const result = await body(new BoundTransaction(this.#dialect, this, this.#schema, depth + 1))
      await run(`release savepoint ${name}`)
      return result
    } catch (error) {
      await run(`rollback to savepoint ${name}`)
      throw error
    }
  }
}

class BoundTransaction extends PgTransaction<PgRemoteQueryResultHKT, Schema, Tables> {
  readonly #session: BoundSession

  constructor(dialect: PgDialect, session: BoundSession, schema: RelationalSchema, depth = 0) {
    super(dialect, session, schema as never, depth)
    this.#session = session
  }

  transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#session.savepoint(this.nestedIndex, body)
  }
}
