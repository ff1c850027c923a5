import { SpecError } from '@mqttspec/protocol'
import { errorOf, type Reply } from './reply.ts'
import { retryDelay } from './retry-delay.ts'

/** A message that is answered by its id. */
export interface Outgoing {
  readonly id: string
  /** The message as it is sent, each time the same. */
  readonly text: string
  /** What it is, for error messages: `update users`. */
  readonly name: string
  /** Does it change something? Then no answer leaves its outcome unknown. */
  readonly write: boolean
  /** From now to an answer; Infinity for as long as it takes. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** It says who this client is: others wait for its answer, and it waits for none. */
  readonly identifies?: boolean
}

/** Who this client is to the server, as far as a request has to know. */
export interface SessionOwner {
  /** The session in which messages are sent now. */
  readonly session: string | undefined
  /** Resolves when it can be sent in another session than this one; undefined when it cannot. */
  afterRefusal(session: string | undefined): Promise<void> | undefined
  /** Another session was of no use. */
  didNotHelp(): void
}

/** What a waiting request asks of the set that it is in. */
export interface RequestOwner {
  /** Sends the message if it can be sent now; false if it cannot. */
  send(outgoing: Outgoing): boolean
  readonly session: SessionOwner
  /** It is settled: its place is free. */
  settled(request: WaitingRequest): void
}

// A longer one fires at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1
const ENDLESS_REPEAT_MS = 30_000

type Timer = ReturnType<typeof setTimeout> | undefined

/**
 * One request from its call to its answer. It settles once: with the reply, with an error that is not to be tried again,
 * by time, by its signal, or with what `fail` is told. What comes later changes nothing.
 */
export class WaitingRequest {
  readonly reply: Promise<Reply>
  readonly outgoing: Outgoing
  readonly #owner: RequestOwner
  readonly #deadline: number
  #resolve: (reply: Reply) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #settled = false
  #sent = false
  #refusals = 0
  /** In which session it was sent last. */
  #session: string | undefined
  #isHeld = false
  #identity: 'unasked' | 'awaited' | 'told' = 'unasked'
  #timeout: Timer
  #again: Timer
  readonly #aborted = (): void => this.#settle(() => this.#reject(this.outgoing.signal?.reason))

  constructor(outgoing: Outgoing, owner: RequestOwner) {
    this.outgoing = outgoing
    this.#owner = owner
    this.#deadline = performance.now() + outgoing.timeoutMs
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (outgoing.timeoutMs <= LONGEST_TIMER_MS) {
      this.#timeout = setTimeout(
        () => this.fail('timeout', `got no answer within ${outgoing.timeoutMs} ms`),
        outgoing.timeoutMs,
      )
    }
    outgoing.signal?.addEventListener('abort', this.#aborted, { once: true })
  }

  /** Was it to be sent, and could not? */
  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Sends it now, for the first time or again. Without a connection it waits for one. */
  send(): void {
    clearTimeout(this.#again)
    this.#isHeld = !this.#settled && !this.#owner.send(this.outgoing)
    if (this.#settled || this.#isHeld) return
    this.#session = this.#owner.session.session
    this.#sent = true
    // Once more at half time: the broker may have handed it to a server that died with it.
    const { timeoutMs } = this.outgoing
    const remainingMs = this.#deadline - performance.now()
    if (timeoutMs > LONGEST_TIMER_MS) this.#sendAfter(ENDLESS_REPEAT_MS)
    else if (remainingMs > timeoutMs * 0.6) this.#sendAfter(remainingMs - timeoutMs / 2)
  }

  /** Takes the server's reply: the answer, or a reason to ask again. */
  answered(reply: Reply): void {
    const { error } = reply
    if (error?.code === 'unauthorized' && this.#identify()) return
    const delayMs = error && retryDelay(error, this.#refusals++)
    if (delayMs !== undefined && performance.now() + delayMs < this.#deadline) this.#sendAfter(delayMs)
    else this.#settle(() => (error ? this.#reject(errorOf(error)) : this.#resolve(reply)))
  }

  /** Gives up. The error says whether a write may have been carried out. */
  fail(code: SpecError['code'], what: string, cause?: unknown): void {
    const { name, write } = this.outgoing
    const details = write && this.#sent ? ({ outcome: 'unknown' } as const) : undefined
    const note = this.#sent ? (write ? '; whether it was carried out is not known' : '') : '; it was never sent'
    this.#settle(() => this.#reject(new SpecError(code, `${name} ${what}${note}.`, details, cause)))
  }

  /** Waits until it can be sent in another session; false when that is of no use. */
  #identify(): boolean {
    const { session } = this.#owner
    if (this.outgoing.identifies) return false
    // It was sent twice, and this is the other answer.
    if (this.#identity === 'awaited') return true
    if (this.#identity === 'told') session.didNotHelp()
    const known = this.#identity === 'told' ? undefined : session.afterRefusal(this.#session)
    this.#identity = 'awaited'
    known?.then(
      () => {
        this.#identity = 'told'
        this.send()
      },
      (error: unknown) => this.#settle(() => this.#reject(error)),
    )
    return known !== undefined
  }

  #sendAfter(ms: number): void {
    clearTimeout(this.#again)
    this.#again = setTimeout(() => this.send(), ms)
  }

  #settle(how: () => void): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#timeout)
    clearTimeout(this.#again)
    this.outgoing.signal?.removeEventListener('abort', this.#aborted)
    how()
    this.#owner.settled(this)
  }
}
