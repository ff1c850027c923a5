import { type LocalSettings, settingsStatement } from '../query/local-settings.ts'
import type { Cells, Database, Runner, Statement } from './database.ts'

/** The same database, every statement of which runs under these settings; without any, itself. */
export function withSettings(database: Database, settings: LocalSettings | undefined): Database {
  return settings && settings.length > 0 ? new DatabaseWithSettings(database, settingsStatement(settings)) : database
}

class DatabaseWithSettings implements Database {
  readonly kind: Database['kind']
  readonly #database: Database
  readonly #settings: Statement

  constructor(database: Database, settings: Statement) {
    this.kind = database.kind
    this.#database = database
    this.#settings = settings
  }

  run(statement: Statement): Promise<readonly Cells[]> {
    return this.#database.transaction(async (transaction) => {
      // One way there and back for both: should the settings fail, so does what comes after them in the transaction.
      const [, rows] = await Promise.all([transaction.run(this.#settings), transaction.run(statement)])
      return rows
    })
  }

  transaction<T>(body: (transaction: Runner) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (transaction) => {
      await transaction.run(this.#settings)
      return body(transaction)
    })
  }

  script(sql: string): Promise<void> {
    return this.#database.script(sql)
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}
