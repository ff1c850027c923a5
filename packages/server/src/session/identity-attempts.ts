import { createHash } from 'node:crypto'
import { SpecError } from '@mqttspec/protocol'

/** How attempts to say who one is are slowed down. */
export interface IdentityAttemptsOptions {
  /** Failures of one address, or of one user name, in a minute that cost no time. */
  readonly free: number
  /** How long the answer to a failure takes at most; 0 for at once. */
  readonly maxDelayMs: number
}

/** Who makes an attempt. */
export interface Attempting {
  /** A network address, or what stands for one. */
  readonly address: string
  /** Does the address speak for many, as loopback does behind a proxy? Then it is only made to wait. */
  readonly isShared?: boolean
  /** Whose password it is; undefined where the name says nothing, as beside a token. */
  readonly username: string | undefined
}

interface Count {
  failures: number
  failedAt: number
  /** Attempts that are looked at, or whose refusal waits. */
  held: number
}

const FORGET_MS = 60_000
const FIRST_DELAY_MS = 100
/** Attempts of one address or user name that may wait at once. With the delay, this bounds how often one can guess. */
const MAX_HELD = 100
const MAX_KEPT = 10_000
const RETRY_AFTER_MS = 1_000

/**
 * Makes guessing slow, and keeps nobody out who knows the password.
 *
 *     attempt ──► too many wait already? refused unread, unless this one has come in before
 *        └──────► right: in, at once      wrong: refused, later each time
 *
 * A right one never waits. A wrong one waits for its refusal, and holds its place meanwhile even when the client has
 * gone: who would rather not wait gains nothing.
 */
export class IdentityAttempts {
  readonly #options: IdentityAttemptsOptions
  /** By address and by user name, the one that failed last at the end. Keys are hashes: a user name may be a token. */
  readonly #counts = new Map<string, Count>()
  /** Who has come in by a user name from an address. */
  readonly #known = new Set<string>()
  readonly #waits = new Set<() => void>()

  constructor(options: IdentityAttemptsOptions) {
    this.#options = options
  }

  /** Runs an attempt. Rejects as it does, later; or with `rate_limited`, at once, when too many wait. */
  async run<T>({ address, isShared = false, username }: Attempting, attempt: () => Promise<T>): Promise<T> {
    const keys = [`address ${address}`, ...(username ? [`name ${username}`] : [])].map(hash)
    const pair = hash(`${address} ${username}`)
    const release = this.#hold(keys, this.#known.has(pair) ? [] : keys.slice(isShared ? 1 : 0))
    try {
      const result = await attempt()
      keep(this.#known, pair)
      this.#counts.delete(keys[1] ?? '')
      return result
    } catch (error) {
      await this.#wait(this.#failed(keys))
      throw error
    } finally {
      release()
    }
  }

  /** Answers all that wait at once. */
  stop(): void {
    for (const end of [...this.#waits]) end()
  }

  /** Takes a place of each key that many have failed under; those of `bounded` may have no more left. */
  #hold(keys: readonly string[], bounded: readonly string[]): () => void {
    const hotOf = (key: string) => {
      const count = this.#counts.get(key)
      return count && this.#recent(count) > this.#options.free ? [count] : []
    }
    const hot = keys.flatMap(hotOf)
    if (bounded.flatMap(hotOf).some(({ held }) => held >= MAX_HELD)) {
      const details = { retry_after_ms: RETRY_AFTER_MS }
      throw new SpecError('rate_limited', 'Too many have failed to say who they are; try again later.', details)
    }
    for (const count of hot) count.held += 1
    return () => {
      for (const count of hot) count.held -= 1
    }
  }

  /** Counts a failure; how long its refusal takes. */
  #failed(keys: readonly string[]): number {
    const failures = keys.map((key) => {
      const count = this.#counts.get(key) ?? { failures: 0, failedAt: 0, held: 0 }
      count.failures = this.#recent(count) + 1
      count.failedAt = Date.now()
      this.#counts.delete(key)
      this.#counts.set(key, count)
      return count.failures
    })
    while (this.#counts.size > MAX_KEPT) this.#counts.delete(this.#counts.keys().next().value ?? '')
    const over = Math.max(...failures) - this.#options.free
    return over > 0 ? Math.min(FIRST_DELAY_MS * 2 ** (over - 1), this.#options.maxDelayMs) : 0
  }

  #recent({ failures, failedAt }: Count): number {
    return Date.now() - failedAt < FORGET_MS ? failures : 0
  }

  #wait(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#waits.delete(end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#waits.add(end)
    })
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64').slice(0, 22)

function keep(set: Set<string>, key: string): void {
  set.delete(key)
  set.add(key)
  if (set.size > MAX_KEPT) set.delete(set.values().next().value ?? '')
}
