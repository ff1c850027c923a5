import type { Cells, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { beginBySql, type Lost, type OpenSession, type Session } from './session.ts'

/** A session for tests that answers when told to, and keeps what it was sent. */
export class FakeSession implements Session {
  worn = false
  closed = false
  readonly sent: string[] = []
  readonly #lost: Lost
  readonly #calls: { resolve(rows: readonly Cells[]): void; reject(error: unknown): void }[] = []

  constructor(lost: Lost) {
    this.#lost = lost
  }

  run({ text }: Statement): Promise<readonly Cells[]> {
    this.sent.push(text)
    return new Promise((resolve, reject) => this.#calls.push({ resolve, reject }))
  }

  async script(sql: string): Promise<void> {
    await this.run({ text: sql, params: [] })
  }

  begin(): ReturnType<Session['begin']> {
    return beginBySql(this)
  }

  async close(): Promise<void> {
    this.closed = true
  }

  /** Answers the oldest `count` statements and lets what follows from it happen. */
  async answer(count = 1): Promise<void> {
    for (const call of this.#calls.splice(0, count)) call.resolve([['1']])
    await turn()
  }

  async fail(error: unknown): Promise<void> {
    this.#calls.shift()?.reject(error)
    await turn()
  }

  /** Cuts the connection; like a careless driver, it leaves its calls pending. */
  cut(): void {
    this.#lost(new DatabaseError('cut', { connectionLost: true }))
  }
}

/** Opens fake sessions and keeps them; `failures` are thrown first, one for each opening. */
export function fakeSessions(failures: unknown[] = []): { opened: FakeSession[]; open: OpenSession } {
  const opened: FakeSession[] = []
  return {
    opened,
    open: async (lost) => {
      if (failures.length > 0) throw failures.shift()
      const session = new FakeSession(lost)
      opened.push(session)
      return session
    },
  }
}

/** Lets every promise that can settle do so. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
