import type { Cells, Database, Runner, Statement } from './database.ts'

/** The same database; `ran` is called after each statement and each transaction, whatever came of it. */
export class OverheardDatabase implements Database {
  readonly kind: Database['kind']
  readonly #database: Database
  readonly #ran: () => void

  constructor(database: Database, ran: () => void) {
    this.kind = database.kind
    this.#database = database
    this.#ran = ran
  }

  run(statement: Statement): Promise<readonly Cells[]> {
    return this.#database.run(statement).finally(this.#ran)
  }

  transaction<T>(body: (transaction: Runner) => Promise<T>): Promise<T> {
    return this.#database.transaction(body).finally(this.#ran)
  }

  script(sql: string): Promise<void> {
    return this.#database.script(sql).finally(this.#ran)
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}
