import type { WireClient } from '../wire-client.ts'

interface Event {
  readonly operation: string
  readonly change?: 'enter' | 'update' | 'leave'
  readonly key?: number
  readonly data: Record<string, unknown>
  readonly at?: string
  readonly seq: number
}

/** The set of rows that a subscriber has, folded from its notifications; wrong ones are noted. */
export class FoldedSet {
  readonly rows = new Map<unknown, Record<string, unknown>>()
  readonly wrong: string[] = []
  readonly events: Event[] = []
  ready = false
  resets = 0
  #seen = 0

  constructor(
    readonly client: WireClient,
    readonly topic: string,
  ) {}

  /** Folds what has come since the last time. */
  fold(): this {
    const all = this.client.notifications.filter(({ topic }) => topic === this.topic)
    for (const { payload } of all.slice(this.#seen)) this.#take(payload as Event)
    this.#seen = all.length
    return this
  }

  /** The rows, by key. */
  get sorted(): readonly Record<string, unknown>[] {
    return [...this.rows.values()].sort((a, b) => Number(a.id) - Number(b.id))
  }

  #take(event: Event): void {
    this.events.push(event)
    if (event.seq !== this.events.length) this.wrong.push(`seq ${event.seq} came as number ${this.events.length}`)
    if (event.operation === 'reset') {
      this.resets++
      this.rows.clear()
      return
    }
    if (event.operation === 'ready') {
      this.ready = true
      return
    }
    const has = this.rows.has(event.key)
    if ((event.change === 'enter') === has)
      this.wrong.push(`${event.change} of ${event.key}, which was ${has ? '' : 'not '}there`)
    if (event.change === 'leave') this.rows.delete(event.key)
    else this.rows.set(event.key, event.data)
  }
}
