import { type Limits, SpecError } from '@mqttspec/protocol'

/** What a client waits before it asks a server again that has too much to do. */
const OVERLOADED_RETRY_MS = 500

/** From how many known clients on the idle ones are looked for, to be forgotten. */
const MANY_CLIENTS = 1_000

/** The limits of how much is taken in at once. */
export type AdmissionLimits = Pick<
  Limits,
  | 'maxInFlightPerClient'
  | 'maxInFlight'
  | 'maxQueuedPerClient'
  | 'maxQueued'
  | 'maxQueuedBytesPerClient'
  | 'maxQueuedBytes'
  | 'maxRequestsPerSecond'
  | 'maxRequestBurst'
>

/**
 * What is done about a message, once it is its turn. It calls `worked` when the work is over and only the reply has to
 * go out, and resolves when that has gone. It never rejects.
 */
export type Work = (worked: () => void) => Promise<void>

interface Waiting {
  readonly bytes: number
  readonly start: () => void
}

interface Client {
  readonly waiting: Waiting[]
  waitingBytes: number
  running: number
  /** Requests that it may still ask at once, as of `filledAt`. */
  tokens: number
  filledAt: number
}

/**
 * Lets messages in, so that nobody takes more than a share of the server.
 *
 *     message ──► rate of its client ──► runs, or waits its turn ──► work ──► reply
 *                   rate_limited           overloaded
 *
 * A client has a bounded number of messages running, and so has the server. What is over that waits; whenever there is
 * room, the clients that wait take turns, one message each, however much each of them has sent. A client that does not
 * take its replies holds its own places until it does, but none of the server's.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #now: () => number
  readonly #clients = new Map<string, Client>()
  /** The clients that wait and may run one more, the next one first. */
  readonly #turns = new Set<Client>()
  #running = 0
  #waiting = 0
  #waitingBytes = 0
  #sweepAt = MANY_CLIENTS

  constructor(limits: AdmissionLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  /** Messages that are being worked on. */
  get running(): number {
    return this.#running
  }

  /** Messages that wait their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Clients that it keeps anything of. */
  get clients(): number {
    return this.#clients.size
  }

  /** Runs `work` at once or in its turn, and resolves when it has ended; or returns why it is not run at all. */
  admit(clientId: string, bytes: number, work: Work): Promise<void> | SpecError {
    const client = this.#client(clientId)
    if (!this.#takeToken(client)) return this.#rateLimited(client)
    if (this.#mayRun(client) && client.waiting.length === 0) return this.#run(client, work)
    const overloaded = this.#overloaded(client, bytes)
    if (overloaded) return overloaded
    client.waitingBytes += bytes
    this.#waiting += 1
    this.#waitingBytes += bytes
    return new Promise((resolve) => {
      client.waiting.push({ bytes, start: () => void this.#run(client, work).then(resolve) })
      if (this.#mayRunOneMore(client)) this.#turns.add(client)
    })
  }

  #client(clientId: string): Client {
    const known = this.#clients.get(clientId)
    if (known) return known
    if (this.#clients.size >= this.#sweepAt) this.#forgetIdle()
    const { maxRequestBurst } = this.#limits
    const client = { waiting: [], waitingBytes: 0, running: 0, tokens: maxRequestBurst, filledAt: this.#now() }
    this.#clients.set(clientId, client)
    return client
  }

  /** A client with nothing under way and its whole burst left is as one that was never here. */
  #forgetIdle(): void {
    for (const [clientId, client] of this.#clients) {
      this.#fill(client)
      const isFull = client.tokens >= this.#limits.maxRequestBurst
      if (isFull && client.running === 0 && client.waiting.length === 0) this.#clients.delete(clientId)
    }
    this.#sweepAt = Math.max(MANY_CLIENTS, this.#clients.size * 2)
  }

  #fill(client: Client): void {
    const now = this.#now()
    const { maxRequestsPerSecond, maxRequestBurst } = this.#limits
    const filled = client.tokens + ((now - client.filledAt) * maxRequestsPerSecond) / 1_000
    client.tokens = Math.min(maxRequestBurst, filled)
    client.filledAt = now
  }

  #takeToken(client: Client): boolean {
    this.#fill(client)
    if (client.tokens < 1) return false
    client.tokens -= 1
    return true
  }

  #rateLimited(client: Client): SpecError {
    // Not the time of the one next token: who has many messages refused would come back with all of them for it.
    const { maxRequestsPerSecond, maxRequestBurst } = this.#limits
    const worthwhile = Math.max(1, Math.min(maxRequestBurst, maxRequestsPerSecond / 10))
    const retryAfterMs = Math.ceil(((worthwhile - client.tokens) * 1_000) / maxRequestsPerSecond)
    return new SpecError(
      'rate_limited',
      `A client may send ${maxRequestsPerSecond} messages a second, and ${maxRequestBurst} at once; send this one later.`,
      { retry_after_ms: retryAfterMs },
    )
  }

  #overloaded(client: Client, bytes: number): SpecError | undefined {
    const { maxQueuedPerClient, maxQueued, maxQueuedBytesPerClient, maxQueuedBytes } = this.#limits
    const tooMany = client.waiting.length >= maxQueuedPerClient || client.waitingBytes + bytes > maxQueuedBytesPerClient
    if (!tooMany && this.#waiting < maxQueued && this.#waitingBytes + bytes <= maxQueuedBytes) return undefined
    const message = tooMany
      ? 'Too much of what you sent has not been answered yet; wait for replies before you send more.'
      : 'The server has more to do than it can; send this one later.'
    return new SpecError('overloaded', message, { retry_after_ms: OVERLOADED_RETRY_MS })
  }

  #mayRunOneMore(client: Client): boolean {
    return client.running < this.#limits.maxInFlightPerClient
  }

  #mayRun(client: Client): boolean {
    return this.#running < this.#limits.maxInFlight && this.#mayRunOneMore(client)
  }

  async #run(client: Client, work: Work): Promise<void> {
    client.running += 1
    this.#running += 1
    let isWorking = true
    const worked = () => {
      if (!isWorking) return
      isWorking = false
      this.#running -= 1
      this.#next()
    }
    try {
      await work(worked)
    } finally {
      client.running -= 1
      if (client.waiting.length > 0) this.#turns.add(client)
      worked()
      this.#next()
    }
  }

  /** Gives what room there is to those who wait, in turns. */
  #next(): void {
    while (this.#running < this.#limits.maxInFlight) {
      const [client] = this.#turns
      if (!client) return
      this.#turns.delete(client)
      const next = this.#mayRunOneMore(client) ? client.waiting.shift() : undefined
      if (!next) continue
      client.waitingBytes -= next.bytes
      this.#waiting -= 1
      this.#waitingBytes -= next.bytes
      next.start()
      // At the end of the line again. One that may run no more comes back when something of its own has ended.
      if (client.waiting.length > 0 && this.#mayRunOneMore(client)) this.#turns.add(client)
    }
  }
}
