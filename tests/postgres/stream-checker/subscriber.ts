import { Link } from './link.ts'
import { pickOf, randomOf } from './random.ts'
import { STATUS, TENANTS } from './writer.ts'

export interface Row {
  readonly id: string
  readonly tenant: string
  readonly grp: number
  readonly status: string
  readonly op: string
  readonly inc: number
  readonly ver: number
}

export interface Event {
  readonly operation: string
  readonly change?: 'enter' | 'update' | 'leave'
  readonly key?: string
  readonly data: Row
  readonly at?: string
  readonly seq: number
}

/** What it goes on by when it comes back: its own position, the server's memory of it, or the rows. */
export type Mode = 'since' | 'durable' | 'snapshot'

interface Filter {
  readonly filters: readonly unknown[]
  readonly sql: string
  readonly holds: (row: Row) => boolean
}

function filterOf(random: () => number): Filter {
  const grp = Math.floor(random() * 3)
  const status = pickOf(random, STATUS)
  const eq = (column: string, value: unknown) => ({ column, operator: 'eq', value })
  const choices: readonly Filter[] = [
    { filters: [], sql: 'true', holds: () => true },
    { filters: [eq('grp', grp)], sql: `grp = ${grp}`, holds: (row) => row.grp === grp },
    {
      filters: [{ or: [eq('grp', grp), eq('status', status)] }],
      sql: `(grp = ${grp} or status = '${status}')`,
      holds: (row) => row.grp === grp || row.status === status,
    },
    {
      filters: [{ not: eq('status', status) }, { column: 'grp', operator: 'gte', value: 1 }],
      sql: `not status = '${status}' and grp >= 1`,
      holds: (row) => row.status !== status && row.grp >= 1,
    },
  ]
  return pickOf(random, choices)
}

/** Follows its rows over every cut, and notes what can not be right. */
export class Subscriber {
  readonly mode: Mode
  readonly tenant: string
  readonly filter: Filter
  readonly rows = new Map<string, Row>()
  readonly wrong: string[] = []
  /** Everything that it was told of rows, but the rows of a beginning, since it was last told to begin anew. */
  events: Event[] = []
  resets = 0
  returns = 0
  /** Does what `events` has go back to the very beginning? */
  isWhole = true
  readonly #link: Link
  #topic = ''
  #early = new Map<string, Event[]>()
  #at: string | undefined
  #asking = 0
  #seq = 0
  #isReady = false
  #ended = false

  constructor(port: number, seed: number, index: number) {
    const random = randomOf(seed, `subscriber ${index}`)
    this.mode = (['since', 'durable', 'since', 'snapshot'] as const)[index % 4] ?? 'since'
    this.tenant = TENANTS[index % 3 === 0 ? 1 : 0] ?? 'red'
    this.filter = filterOf(random)
    this.#link = new Link(port, `s${index}`, this.tenant, {
      connected: () => void this.#subscribe(),
      notified: (topic, payload, text) => this.#notified(topic, payload, text),
    })
  }

  get isReady(): boolean {
    return this.#isReady
  }

  end(): Promise<void> {
    this.#ended = true
    return this.#link.end()
  }

  async #subscribe(): Promise<void> {
    const asking = ++this.#asking
    this.returns++
    this.#isReady = false
    this.#topic = ''
    const isAnew = this.mode === 'snapshot' || (this.mode === 'since' && this.#at === undefined)
    if (isAnew) this.#anew()
    const options = {
      filters: this.filter.filters,
      ...(this.mode === 'durable' && { durable: 'mine', snapshot: true }),
      ...(isAnew && { snapshot: true }),
      ...(this.mode === 'since' && this.#at !== undefined && { since: this.#at }),
    }
    this.#early = new Map()
    // Under one id, so that it is one subscription, however often it is asked for.
    const message = { id: `s${asking}`, type: 'subscription', operation: 'subscribe', entity: 'items', options }
    while (asking === this.#asking && !this.#ended) {
      const reply = await this.#link.ask(message, 1_500)
      const topic = reply?.data?.notify_topic
      if (asking !== this.#asking) return
      if (!topic) continue
      this.#seq = 0
      this.#topic = topic
      for (const event of this.#early.get(topic) ?? []) this.#take(event)
      return
    }
  }

  #anew(): void {
    if (this.rows.size > 0 || this.events.length > 0) this.isWhole = false
    this.rows.clear()
    this.events = []
  }

  #notified(topic: string, event: Event, text: string): void {
    for (const tenant of TENANTS) {
      if (tenant !== this.tenant && text.includes(`"${tenant}`)) this.wrong.push(`canary: told of ${tenant}: ${text}`)
    }
    if (topic === this.#topic) this.#take(event)
    else if (this.#topic === '') this.#early.set(topic, [...(this.#early.get(topic) ?? []), event])
  }

  #take(event: Event): void {
    if (event.seq !== ++this.#seq) this.wrong.push(`seq: ${event.seq} came as number ${this.#seq}`)
    if (event.operation === 'reset') {
      this.resets++
      this.#anew()
      return
    }
    if (event.operation === 'ready') {
      this.#isReady = true
      this.#at = event.at
      return
    }
    if (event.operation !== 'snapshot') this.events.push(event)
    if (event.at) this.#at = event.at
    this.#fold(event)
  }

  #fold({ change, key = '', data, operation }: Event): void {
    const has = this.rows.get(key)
    // Who keeps no position of its own may be told again what it was told.
    if (this.mode === 'since' && (change === 'enter') === (has !== undefined)) {
      this.wrong.push(`order: ${operation} ${change} of ${key}, which was ${has ? '' : 'not '}there`)
    }
    if (change === 'leave') {
      this.rows.delete(key)
      return
    }
    if (!this.filter.holds(data)) this.wrong.push(`filter-leak: ${JSON.stringify(data)}`)
    this.rows.set(key, data)
  }
}
