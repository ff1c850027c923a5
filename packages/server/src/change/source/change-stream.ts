import { decodeExactJson, SpecError } from '@mqttspec/protocol'
import type { Cells } from '../../db/database.ts'
import type { Listening } from '../../db/listener.ts'
import type { ReadPlace } from '../../db/run-read.ts'
import { withSettings } from '../../db/with-settings.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Change, Row } from '../change.ts'
import { ChangeReader, type StreamRead } from './change-reader.ts'
import type { ChangeSink, ChangeSource, RowSet, SetRows } from './change-source.ts'
import type { ChangeStreamOptions } from './change-stream-options.ts'
import type { DurableNames } from './durable-names.ts'
import { placeOf, positionAt } from './place-of.ts'
import { encodePosition, isAfter, type Position } from './position.ts'
import {
  ANY_FRESH,
  adopt,
  CLUSTER,
  changesBetween,
  MAY_NAME_CLUSTER,
  PLACE,
  PRUNED_AT_ONCE,
  prune,
  pruneRequests,
  rowsOfSet,
  sequence,
  TAKE_TURN,
  untangle,
  WHERE_NOW,
  whereIs,
} from './stream-statements.ts'
import { type StreamStatus, streamStatus } from './stream-status.ts'

/** Changes read at once. */
const PAGE = 2_000
/** On which the trigger tells of writes that no server has made. */
const CHANNEL = 'mqttspec'
/** How old the figures are that are served without asking. */
const STATUS_EVERY_MS = 10_000
/** How often it is made sure, at most, that the stream is the same. */
const CHECK_EVERY_MS = 1_000
/** How long a write with a long id is known again. */
const REQUEST_AGE_MS = 24 * 60 * 60 * 1_000
/** After a failure, such as a database that is away, the next look waits this long. */
const RETRY_MS = 500

/**
 * Every committed change of the registered tables, also those that others have made, in one order and with a position
 * that outlives this process. See stream-schema.ts for how it is kept.
 *
 *     committed() ─┐
 *     NOTIFY ──────┤   by the trigger, for writes of others
 *     a poll ──────┴─► look ──► sequence (one server at a time) ──► read what is new ──► sink, by transaction
 */
export class ChangeStream implements ChangeSource {
  readonly keepsHistory = true
  readonly durables: DurableNames
  readonly place: ReadPlace = {
    sql: PLACE,
    positionOf: (text) => encodePosition(positionAt(this.#epoch, text.split('/'))),
  }
  readonly #options: ChangeStreamOptions
  readonly #reader: ChangeReader
  #sink: ChangeSink | undefined
  #epoch = ''
  /** What has been handed on, and the mark there. */
  #pos = 0n
  #mark = 0
  #now: { readonly cells: string; readonly at: Position } | undefined
  #checkedAt = 0
  /** How many looks have begun, but for those that failed: what they were to find is found by the next one. */
  #looks = 0
  #looking: Promise<void> | undefined
  #again = false
  /** Something has been committed: there is no need to ask whether. */
  #fresh = false
  #timer: NodeJS.Timeout | undefined
  #listening: Listening | undefined
  #prunedAt = Date.now()
  #status: StreamStatus | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(options: ChangeStreamOptions) {
    this.#options = options
    const { database, logger } = options
    const lost = (entity: Entity) => this.#sink?.lost(entity, 'schema', undefined)
    this.#reader = new ChangeReader({ database, logger, lost })
    this.durables = options.durables
  }

  async start(sink: ChangeSink): Promise<void> {
    this.#sink = sink
    await this.#adopt()
    await this.#sequence()
    await this.#begin()
    this.#listening = this.#options.database.listen?.(CHANNEL, () => this.#look())
    this.#plan(this.#options.pollMs)
  }

  committed(): void {
    this.#fresh = true
    this.#look()
  }

  stirred(): void {
    this.#look()
  }

  async now(): Promise<Position> {
    const rows = await this.#options.database.run(WHERE_NOW)
    const cells = JSON.stringify([rows, this.#looks])
    // Who begins at the same place holds the same object: many begin at once, and it would be a third of each.
    if (this.#now?.cells !== cells) this.#now = { cells, at: { ...placeOf(rows), look: this.#looks } }
    return this.#now.at
  }

  async caughtUp(): Promise<Position> {
    await this.#sequence()
    return this.now()
  }

  async *history(entity: Entity, after: Position, upTo: Position): AsyncGenerator<readonly Change[] | 'gone'> {
    if (!(await this.#knows(after))) return yield 'gone'
    let from = after.pos
    while (from < upTo.pos) {
      const rows = await this.#options.database.run(changesBetween(from, upTo.pos, PAGE))
      const happened = await this.#reader.read(rows, from, [entity], this.#read)
      // What is after a position was there when that was looked up, and may have been forgotten since.
      if (rows.length === 0 || happened === 'gone') return yield 'gone'
      if (happened.some((each) => 'place' in each && isAfter(after, each.place))) return yield 'gone'
      for (const each of happened)
        if (!('place' in each)) yield each.filter(({ place }) => place && isAfter(after, place))
      from = BigInt(rows.at(-1)?.[0] ?? from)
    }
  }

  async rows({ entity, where, settings }: RowSet): Promise<SetRows> {
    const { database, maxRows } = this.#options
    const [row] = await withSettings(database, settings).run(rowsOfSet(entity, where, maxRows + 1))
    const [json, ...place] = row ?? []
    const rows = decodeExactJson(json ?? '[]') as readonly Row[]
    if (rows.length > maxRows) {
      throw new SpecError('payload_too_large', `The set has more than ${maxRows} rows: narrow its filters.`, {
        path: ['options', 'filters'],
      })
    }
    return { rows, at: { ...positionAt(this.#epoch, place), look: this.#looks } }
  }

  async status(): Promise<StreamStatus> {
    this.#askedAt = performance.now()
    const status = await streamStatus(this.#options.database)
    this.#status = status
    return status
  }

  get lastStatus(): StreamStatus | undefined {
    return this.#status
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#listening?.stop()
    await this.#looking
    this.#sink = undefined
  }

  #plan(inMs: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => this.#look(), inMs)
    this.#timer.unref()
  }

  /** Looks now; or once more after the look that is under way. */
  #look(): void {
    this.#again = true
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined
    })
  }

  async #lookWhileAsked(): Promise<void> {
    let nextMs = this.#options.pollMs
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        await this.#lookOnce()
      } catch (error) {
        this.#looks--
        this.#options.logger.warn({ err: error }, 'the change stream could not be read; it is tried again')
        nextMs = RETRY_MS
        break
      }
    }
    this.#plan(nextMs)
  }

  async #lookOnce(): Promise<void> {
    const { database } = this.#options
    const told = this.#fresh
    this.#fresh = false
    this.#looks++
    await this.#check()
    if (told || (await database.run(ANY_FRESH)).length > 0) await this.#sequence()
    for (;;) {
      const rows = await database.run(changesBetween(this.#pos, BigInt('9223372036854775807'), PAGE))
      if (rows.length === 0) break
      if (!(await this.#handOn(rows))) return this.#beginAnew()
      const last = rows.at(-1)
      this.#pos = BigInt(last?.[0] ?? this.#pos)
      this.#mark = Number(last?.[6] ?? this.#mark)
    }
    await this.#prune()
    if (performance.now() - this.#askedAt > STATUS_EVERY_MS) await this.status()
  }

  get #read(): StreamRead {
    return { epoch: this.#epoch, look: this.#looks }
  }

  #sequence(): Promise<void> {
    return this.#options.database.transaction(async (transaction) => {
      const [turn] = await transaction.run(TAKE_TURN)
      const [batch] = turn ? await transaction.run(sequence(turn)) : []
      if (batch?.[0] && batch[1] === 'true') await transaction.run(untangle(batch[0]))
    })
  }

  /** From here on what happens is handed on. */
  async #begin(): Promise<void> {
    const { epoch, pos, mark } = await this.now()
    this.#epoch = epoch
    this.#pos = pos
    this.#mark = mark
    this.#checkedAt = performance.now()
  }

  /** Begins a new epoch, if this is not the database that the stream was made in. */
  async #adopt(): Promise<void> {
    const { database, logger } = this.#options
    const [may] = await database.run(MAY_NAME_CLUSTER)
    const [cluster] = may?.[0] === 'true' ? await database.run(CLUSTER) : []
    const [began] = await database.run(adopt(cluster?.[0] ?? null))
    if (began) logger.warn({}, 'this database is a copy of another one: positions of that one are not known here')
  }

  /**
   * Looks now and then whether the stream is still the one that was read. A database that was set back to an earlier day
   * while the server ran, or a server that slept for longer than changes are kept, has lost what was in between.
   */
  async #check(): Promise<void> {
    if (performance.now() - this.#checkedAt < Math.min(this.#options.pollMs, CHECK_EVERY_MS)) return
    this.#checkedAt = performance.now()
    const isKnown = await this.#knows({ epoch: this.#epoch, pos: this.#pos, mark: this.#mark })
    if (!isKnown) await this.#beginAnew()
  }

  async #beginAnew(): Promise<void> {
    const { logger, entities } = this.#options
    logger.warn({}, 'the change stream is another one than before: every subscription is told to begin anew')
    await this.#adopt()
    await this.#sequence()
    await this.#begin()
    for (const entity of entities) this.#sink?.lost(entity, 'history', undefined)
  }

  /** Is this a place of the stream, and is all there that has happened since? */
  async #knows({ epoch, pos, mark }: Omit<Position, 'seen'>): Promise<boolean> {
    const rows = await this.#options.database.run(whereIs(pos))
    const now = placeOf(rows)
    const [, , pruned, , , marked] = rows[0] ?? []
    return epoch === now.epoch && pos <= now.pos && pos >= BigInt(pruned ?? 0) && String(mark) === marked
  }

  /** Tells of what has happened; false, where some of it is forgotten already. */
  async #handOn(rows: readonly Cells[]): Promise<boolean> {
    const watched = this.#options.entities.filter((entity) => this.#options.isWatched(entity))
    const happened = await this.#reader.read(rows, this.#pos, watched, this.#read)
    if (happened === 'gone') return false
    for (const each of happened) {
      if ('place' in each) this.#sink?.lost(each.entity, 'truncate', each.place)
      else await this.#sink?.changed(each)
    }
    return true
  }

  async #prune(): Promise<void> {
    if (Date.now() - this.#prunedAt < this.#options.pruneEveryMs) return
    const { database, maxAgeMs, maxChanges } = this.#options
    const [pruned] = await database.run(prune(maxAgeMs, maxChanges))
    // There is more: it goes on at the next look, which is not kept waiting.
    if (Number(pruned?.[0]) >= PRUNED_AT_ONCE) return this.#look()
    this.#prunedAt = Date.now()
    await this.durables.keepUp()
    await database.run(pruneRequests(REQUEST_AGE_MS))
  }
}
