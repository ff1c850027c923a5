import type { Runner } from '../db/database.ts'

/** How long the database may take to say that it is there. */
const DATABASE_MS = 1_000

/** How a server is. */
export interface Health {
  /** `ok`: it takes requests. `degraded`: it does, and its database does not answer. `closing`: it takes none. */
  readonly status: 'ok' | 'degraded' | 'closing'
  readonly database: 'up' | 'down'
  readonly broker: 'embedded' | 'external'
  readonly uptimeSeconds: number
  /** MQTT sessions, and how many of them have a connection; behind an external broker, clients that have asked. */
  readonly sessions: number
  readonly connected: number
  readonly subscriptions: number
  /** Messages that are worked on, and that wait their turn. */
  readonly running: number
  readonly waiting: number
}

/** What health is read from. */
export interface HealthParts {
  readonly database: Runner
  readonly isOpen: () => boolean
  readonly figures: () => Omit<Health, 'status' | 'database' | 'uptimeSeconds'>
}

/** Says how a server is. Never rejects, and asks the database once at a time however many want to know. */
export class HealthCheck {
  readonly #parts: HealthParts
  readonly #startedAt = performance.now()
  #asking: Promise<'up' | 'down'> | undefined

  constructor(parts: HealthParts) {
    this.#parts = parts
  }

  async look(): Promise<Health> {
    const database = await this.#database()
    const status = !this.#parts.isOpen() ? 'closing' : database === 'up' ? 'ok' : 'degraded'
    const uptimeSeconds = Math.floor((performance.now() - this.#startedAt) / 1_000)
    return { status, database, uptimeSeconds, ...this.#parts.figures() }
  }

  #database(): Promise<'up' | 'down'> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<'up' | 'down'> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'down'>((resolve) => {
      timer = setTimeout(resolve, DATABASE_MS, 'down')
    })
    const answered = this.#parts.database.run({ text: `select '1'`, params: [] }).then(
      () => 'up' as const,
      () => 'down' as const, // why is in the log of what runs into it
    )
    try {
      return await Promise.race([answered, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
