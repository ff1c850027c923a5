import { isSpecError, SpecError } from '@mqttspec/protocol'
import type { Reply } from './reply.ts'
import type { Outgoing } from './waiting-request.ts'
import type { KeptWrite, WriteOutcome, WriteStorage } from './write-storage.ts'

/** What kept writes need of the client. */
export interface KeptWriteSteps {
  /** Sends a message and waits for its reply. */
  wait(outgoing: Outgoing): Promise<Reply>
  /** Resolves when there is a connection again, where the broker refuses one for now; undefined where it does not. */
  whenAdmitted(): Promise<void> | undefined
}

/**
 * Writes that are kept until there is an answer, in storage if there is one. They are sent in the order of their calls,
 * each when the one before has its answer: a later one may build on it.
 */
export class KeptWrites {
  readonly #steps: KeptWriteSteps
  readonly #storage: WriteStorage | undefined
  #stored: Promise<unknown> = Promise.resolve()
  #sent: Promise<unknown> = Promise.resolve()
  #size = 0

  constructor(steps: KeptWriteSteps, storage: WriteStorage | undefined) {
    this.#steps = steps
    this.#storage = storage
  }

  /** How many have no answer yet. */
  get size(): number {
    return this.#size
  }

  /** Sends what was kept before this client was there. Rejects with what the storage rejects with. */
  async resume(): Promise<void> {
    for (const write of (await this.#storage?.load()) ?? []) {
      const outgoing: Outgoing = { ...write, write: true, timeoutMs: Number.POSITIVE_INFINITY }
      // Nobody waits for it here: the storage is told how it ends.
      this.#enqueue(outgoing, Promise.resolve()).catch(() => {})
    }
  }

  /** Resolves with the reply; rejects as any request does, but not for want of a connection. */
  add(outgoing: Outgoing): Promise<Reply> {
    const kept = this.#store(() => this.#storage?.keep(keptOf(outgoing)))
    return this.#enqueue(outgoing, kept)
  }

  async #enqueue(outgoing: Outgoing, kept: Promise<unknown>): Promise<Reply> {
    this.#size++
    const before = this.#sent
    const reply = inTime(Promise.all([kept, before]), outgoing).then((left) => this.#send(left))
    const over = reply.then(
      ({ data }) => this.#over(outgoing, { data }),
      (error: unknown) => this.#over(outgoing, { error }),
    )
    // One that is given up before its turn does not bring the next one's.
    this.#sent = Promise.all([before, over])
    await over
    return reply
  }

  async #send(outgoing: Outgoing): Promise<Reply> {
    for (;;) {
      try {
        return await this.#steps.wait(outgoing)
      } catch (error) {
        const admitted = isSpecError(error) ? this.#steps.whenAdmitted() : undefined
        if (!admitted) throw error
        await admitted
      }
    }
  }

  async #over(outgoing: Outgoing, outcome: WriteOutcome): Promise<void> {
    this.#size--
    // What the client's end left unanswered is the next one's to send.
    if ('error' in outcome && isSpecError(outcome.error) && outcome.error.code === 'closed') return
    // One that stays in storage by mistake is sent once more, and has run already.
    await this.#store(() => this.#storage?.remove(keptOf(outgoing), outcome)).catch(() => {})
  }

  #store(run: () => Promise<void> | undefined): Promise<void> {
    const done = this.#stored.then(run)
    this.#stored = done.catch(() => {})
    return done
  }
}

const keptOf = ({ id, text, name }: Outgoing): KeptWrite => ({ id, text, name })

/** Resolves with the message and the time that it has left when it is its turn; rejects when it is given up before. */
function inTime(turn: Promise<unknown>, outgoing: Outgoing): Promise<Outgoing> {
  const { signal, timeoutMs, name } = outgoing
  if (timeoutMs === Number.POSITIVE_INFINITY && !signal) return turn.then(() => outgoing)
  const deadline = performance.now() + timeoutMs
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal?.reason)
    const late = () => reject(new SpecError('timeout', `${name} was not sent within ${timeoutMs} ms.`))
    const timer = Number.isFinite(timeoutMs) ? setTimeout(late, timeoutMs) : undefined
    signal?.addEventListener('abort', aborted, { once: true })
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
    }
    if (signal?.aborted) aborted()
    turn
      .then(() => resolve({ ...outgoing, timeoutMs: Math.max(1, deadline - performance.now()) }), reject)
      .finally(stop)
  })
}
