import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { pickOf, randomOf } from './random.ts'
import { type Asked, ROWS, STATUS, TENANTS } from './writer.ts'

/** How long a transaction dawdles between its statements, at most. */
const DAWDLE_MS = 60

/**
 * Writes past the server, in transactions that take their id long before the rows that others write too, and that are
 * committed late or not at all: what comes first of two is not told by transaction ids then.
 */
export class SqlWriter {
  readonly asked: Asked[] = []
  readonly #url: string
  readonly #index: number
  readonly #random: () => number
  #client: Client | undefined
  #going = true
  readonly #done: Promise<void>

  constructor(url: string, seed: number, index: number) {
    this.#url = url
    this.#index = index
    this.#random = randomOf(seed, `sql ${index}`)
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#going = false
    await this.#done
    await this.#client?.end()
  }

  async #run(): Promise<void> {
    for (let n = 0; this.#going; n++) {
      try {
        await this.#transact(n)
      } catch {
        // A deadlock, or the database went away: what was on its way is not known to have happened.
        await this.#client?.end().catch(() => undefined)
        this.#client = undefined
        await wait(100)
      }
      await wait(this.#random() * DAWDLE_MS)
    }
  }

  async #transact(n: number): Promise<void> {
    const client = await this.#connect()
    const written: Asked[] = []
    await client.query('begin')
    await client.query('select pg_current_xact_id()')
    for (let step = 0; step < 3; step++) {
      await wait(this.#random() * DAWDLE_MS)
      const isTakenBack = this.#random() < 0.3
      await client.query('savepoint step')
      const asked = await this.#update(client, `q${this.#index}-${n}-${step}`)
      if (isTakenBack) await client.query('rollback to step')
      else if (asked) written.push(asked)
    }
    const isTakenBack = this.#random() < 0.2
    await client.query(isTakenBack ? 'rollback' : 'commit')
    for (const asked of written) asked.outcome = isTakenBack ? 'refused' : 'acknowledged'
  }

  /** Changes a row, if it is there. */
  async #update(client: Client, op: string): Promise<Asked | undefined> {
    const random = this.#random
    const id = `${pickOf(random, TENANTS)}-${Math.floor(random() * ROWS)}`
    const asked: Asked = { op, kind: 'update', id, outcome: 'unknown' }
    this.asked.push(asked)
    const values = [id, op, Math.floor(random() * 3), pickOf(random, STATUS)]
    const { rowCount } = await client.query('update items set op = $2, grp = $3, status = $4 where id = $1', values)
    return rowCount ? asked : undefined
  }

  async #connect(): Promise<Client> {
    if (this.#client) return this.#client
    const client = new Client({ connectionString: this.#url, connectionTimeoutMillis: 2_000, query_timeout: 10_000 })
    client.on('error', () => undefined) // the next query says so
    this.#client = client
    await client.connect()
    return client
  }
}
