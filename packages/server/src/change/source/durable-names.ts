import { SpecError } from '@mqttspec/protocol'
import { nanoid } from 'nanoid'
import type { Database } from '../../db/database.ts'
import type { Logger } from '../../logger.ts'
import { DurableHold, type DurablePlace } from './durable-hold.ts'
import { claim, type DurableClaim, endangered, forget, forgetUnused, isTaken, move, use } from './durable-statements.ts'
import { decodePosition, type Position } from './position.ts'

/** How durable subscriptions are kept. */
export interface DurableOptions {
  readonly database: Database
  readonly logger: Logger
  /** How long a name is kept to which nobody comes back. */
  readonly maxDurableAgeMs: number
  /** Names that one owner may have. */
  readonly maxNames: number
  readonly maxAgeMs: number
  readonly maxChanges: number
}

/** A claim that was granted: whether anybody had the name before, and the place at which it was left, if one is known. */
export interface Claimed {
  readonly hold: DurableHold
  readonly isNew: boolean
  readonly place: Position | undefined
}

/** Acknowledged places are written down this often: after a crash, what was acknowledged since comes once more. */
const WRITE_EVERY_MS = 1_000
/** A warning comes when this much of the time, or of the changes, that are kept is used up. */
const ALARM = 0.8

/** The durable subscriptions: names that outlive connections and servers, each with the place that it has come to. */
export class DurableNames {
  readonly #options: DurableOptions
  /** Places that are not written down yet. */
  readonly #moved = new Map<string, DurablePlace>()
  /** The holders that are there now. */
  readonly #held = new Set<string>()
  /** Whom a warning was given for. */
  #warned = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: DurableOptions) {
    this.#options = options
  }

  /** Takes a name. Rejects with `invalid_options` when it is of another subscription, `forbidden` with too many. */
  async claim(asked: DurableClaim): Promise<Claimed> {
    const { database, maxNames } = this.#options
    await this.write()
    const holder = nanoid()
    const [row] = await database.run(claim(asked, holder, maxNames))
    if (!row) throw (await database.run(isTaken(asked))).length > 0 ? otherContent() : tooMany(maxNames)
    const [isNew, place] = row
    this.#held.add(holder)
    const hold = new DurableHold(asked.name, holder, Boolean(place), {
      moved: (of, to) => this.#note(of, to),
      released: (of) => this.#held.delete(of),
      forgotten: (of) => this.#forget(of),
    })
    return { hold, isNew: isNew === 'true', place: place ? decodePosition(place) : undefined }
  }

  /** Writes down what was acknowledged. Rejects with `DatabaseError`; it is not lost then, and tried again. */
  write(): Promise<void> {
    const writing = this.#writing.then(() => this.#writeNow())
    this.#writing = writing.catch(() => undefined)
    return writing
  }

  /** Keeps the names that are in use, forgets those that are not, and warns of those that fall too far behind. */
  async keepUp(): Promise<void> {
    const { database, logger, maxDurableAgeMs, maxAgeMs, maxChanges } = this.#options
    if (this.#held.size > 0) await database.run(use([...this.#held]))
    for (const [owner, name] of await database.run(forgetUnused(maxDurableAgeMs))) {
      logger.info({ owner, name }, 'a durable subscription was forgotten: nobody has come back to it')
    }
    const late = await database.run(endangered(Math.floor(maxAgeMs * ALARM), Math.floor(maxChanges * ALARM)))
    const warned = new Set<string>()
    for (const [owner, name, place] of late) {
      const key = JSON.stringify([owner, name])
      warned.add(key)
      if (this.#warned.has(key)) continue
      logger.warn(
        { owner, name, place },
        'a durable subscription is so far behind that the changes it needs are about to be forgotten; it will begin anew',
      )
    }
    this.#warned = warned
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.write().catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'places of durable subscriptions were not written down')
    })
  }

  #note(holder: string, place: DurablePlace): void {
    this.#moved.set(holder, place)
    this.#plan()
  }

  #plan(): void {
    if (this.#timer || this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.write().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'places of durable subscriptions wait to be written down')
        this.#plan()
      })
    }, WRITE_EVERY_MS)
    this.#timer.unref()
  }

  async #writeNow(): Promise<void> {
    if (this.#moved.size === 0) return
    const moved = [...this.#moved]
    this.#moved.clear()
    try {
      const places = moved.map(([holder, place]) => ({ holder, place: place?.at, pos: place?.pos }))
      await this.#options.database.run(move(places))
    } catch (error) {
      // What was noted meanwhile is newer.
      for (const [holder, place] of moved) if (!this.#moved.has(holder)) this.#moved.set(holder, place)
      throw error
    }
  }

  async #forget(holder: string): Promise<void> {
    await this.#options.database.run(forget(holder))
    this.#held.delete(holder)
    this.#moved.delete(holder)
  }
}

const PATH = { path: ['options', 'durable'] }

const otherContent = () =>
  new SpecError(
    'invalid_options',
    'This name is of a durable subscription to something else: choose another name, or subscribe as before and unsubscribe.',
    PATH,
  )

const tooMany = (max: number) =>
  new SpecError('forbidden', `A client has at most ${max} durable subscriptions; unsubscribe from one.`, PATH)
