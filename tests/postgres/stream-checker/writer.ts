import { setTimeout as wait } from 'node:timers/promises'
import { Link } from './link.ts'
import { pickOf, randomOf } from './random.ts'

/** What a writer asked for, and what it was told. */
export interface Asked {
  readonly op: string
  readonly kind: 'create' | 'update' | 'delete'
  readonly id: string
  outcome: 'acknowledged' | 'refused' | 'unknown'
}

const ANSWER_MS = 700
const GIVE_UP_MS = 8_000
/** Few rows: it is contention that makes errors of order appear. */
export const ROWS = 4

export const TENANTS = ['red', 'blue'] as const
export const STATUS = ['a', 'b', 'c'] as const

/** Writes at random until told to stop: some of it twice at once, and all of it again until it is answered. */
export class Writer {
  readonly asked: Asked[] = []
  readonly #link: Link
  readonly #random: () => number
  readonly #tenant: string
  #going = true
  readonly #done: Promise<void>

  constructor(port: number, seed: number, index: number) {
    this.#tenant = TENANTS[index % TENANTS.length] ?? 'red'
    this.#random = randomOf(seed, `writer ${index}`)
    this.#link = new Link(port, `w${index}`, this.#tenant, { connected: () => {}, notified: () => {} })
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#going = false
    await this.#done
    await this.#link.end()
  }

  async #run(): Promise<void> {
    for (let n = 0; this.#going; n++) {
      const random = this.#random
      const kind = random() < 0.3 ? 'create' : random() < 0.85 ? 'update' : 'delete'
      const asked: Asked = {
        op: `${this.#link.clientId}-${n}-${'x'.repeat(16)}`,
        kind,
        id: `${this.#tenant}-${Math.floor(random() * ROWS)}`,
        outcome: 'unknown',
      }
      this.asked.push(asked)
      const values = { grp: Math.floor(random() * 3), status: pickOf(random, STATUS), op: asked.op }
      const message = {
        id: asked.op,
        type: 'request',
        operation: kind,
        entity: 'items',
        ...(kind === 'create' ? { data: { id: asked.id, ...values } } : { record_id: asked.id }),
        ...(kind === 'update' && { data: values }),
      }
      await this.#until(message, asked, random() < 0.1)
      await wait(random() * 20)
    }
  }

  async #until(message: { readonly id: string }, asked: Asked, twice: boolean): Promise<void> {
    const giveUpAt = Date.now() + GIVE_UP_MS
    while (Date.now() < giveUpAt) {
      if (twice) void this.#link.ask(message, ANSWER_MS)
      const reply = await this.#link.ask(message, ANSWER_MS)
      if (reply?.success) {
        asked.outcome = 'acknowledged'
        return
      }
      // A write that reached nothing, or a key that is taken, was refused; anything else may have been carried out.
      if (reply && ['not_found', 'conflict'].includes(reply.error?.code ?? '')) {
        asked.outcome = 'refused'
        return
      }
      if (reply) await wait(50)
    }
  }
}
