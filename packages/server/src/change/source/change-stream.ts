import { createHash } from 'node:crypto'
import { decodeJson, SpecError } from '@mqttspec/protocol'
import type { Cells, Database } from '../../db/database.ts'
import { DatabaseError } from '../../db/database-error.ts'
import type { ReadPlace } from '../../db/run-read.ts'
import { withSettings } from '../../db/with-settings.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Logger } from '../../logger.ts'
import type { Change, Place, Row } from '../change.ts'
import type { ChangeSink, ChangeSource, RowSet, SetRows } from './change-source.ts'
import type { DurableNames } from './durable-names.ts'
import { encodePosition, isAfter, type Position } from './position.ts'
import { parseSnapshot } from './snapshot.ts'
import {
  ANY_FRESH,
  changesBetween,
  LOCK_SEQUENCER,
  PLACE,
  prune,
  pruneRequests,
  rowsOfChanges,
  rowsOfSet,
  SEQUENCE,
  WHERE_NOW,
} from './stream-statements.ts'

/** How the stream is read and kept. */
export interface ChangeStreamOptions {
  readonly database: Database
  readonly entities: readonly Entity[]
  readonly logger: Logger
  readonly durables: DurableNames
  /** Does anybody want to know of this entity's changes? Of others no row is read. */
  readonly isWatched: (entity: Entity) => boolean
  /** How often the stream is looked at for changes that nobody told of. */
  readonly pollMs: number
  /** How long changes are kept, and how many. */
  readonly maxAgeMs: number
  readonly maxChanges: number
  /** How often what is not kept is forgotten. */
  readonly pruneEveryMs: number
  /** Rows with which one subscription may begin. */
  readonly maxRows: number
}

/** Changes read at once. */
const PAGE = 2_000
/** How long a write with a long id is known again. */
const REQUEST_AGE_MS = 24 * 60 * 60 * 1_000
/** After a failure, such as a database that is away, the next look waits this long. */
const RETRY_MS = 500

/**
 * Every committed change of the registered tables, also those that others have made, in one order and with a position
 * that outlives this process. See stream-schema.ts for how it is kept.
 *
 *     committed() ─┐
 *     a poll ──────┴─► look ──► sequence (one server at a time) ──► read what is new ──► sink, by transaction
 */
export class ChangeStream implements ChangeSource {
  readonly keepsHistory = true
  readonly durables: DurableNames
  readonly place: ReadPlace = {
    sql: PLACE,
    positionOf: (text) => {
      const [pos = '0', seen = ''] = text.split('/')
      return encodePosition({ epoch: this.#epoch, pos: BigInt(pos), seen: parseSnapshot(seen) })
    },
  }
  readonly #options: ChangeStreamOptions
  #sink: ChangeSink | undefined
  #epoch = ''
  /** What has been handed on. */
  #pos = 0n
  #looking: Promise<void> | undefined
  #again = false
  /** Something has been committed: there is no need to ask whether. */
  #fresh = false
  #timer: NodeJS.Timeout | undefined
  #prunedAt = Date.now()
  #stopped = false

  constructor(options: ChangeStreamOptions) {
    this.#options = options
    this.durables = options.durables
  }

  async start(sink: ChangeSink): Promise<void> {
    this.#sink = sink
    await this.#sequence()
    const { pos, epoch } = await this.#where()
    this.#pos = pos
    this.#epoch = epoch
    this.#plan(this.#options.pollMs)
  }

  committed(): void {
    this.#fresh = true
    this.#look()
  }

  async now(): Promise<Position> {
    const { pos, epoch, seen } = await this.#where()
    return { epoch, pos, seen }
  }

  async caughtUp(): Promise<Position> {
    await this.#sequence()
    return this.now()
  }

  async *history(entity: Entity, after: Position, upTo: Position): AsyncGenerator<readonly Change[] | 'gone'> {
    const { pos, pruned, epoch } = await this.#where()
    if (after.epoch !== epoch || after.pos > pos || after.pos < pruned) {
      yield 'gone'
      return
    }
    let from = after.pos
    while (from < upTo.pos) {
      const rows = await this.#options.database.run(changesBetween(from, upTo.pos, PAGE))
      if (rows.length === 0) return
      const wanted = rows.filter(([, , , table]) => table === entity.tableName)
      if (wanted.some(([, , , , op]) => op === 'T')) yield 'gone'
      for (const changes of await this.#changesOf(wanted, [entity])) {
        yield changes.filter(({ place }) => place && isAfter(after, place))
      }
      from = BigInt(rows.at(-1)?.[0] ?? from)
    }
  }

  async rows({ entity, where, settings }: RowSet): Promise<SetRows> {
    const { database, maxRows } = this.#options
    const [row] = await withSettings(database, settings).run(rowsOfSet(entity, where, maxRows + 1))
    const [json, pos, seen] = row ?? []
    const rows = decodeJson(json ?? '[]') as readonly Row[]
    if (rows.length > maxRows) {
      throw new SpecError('payload_too_large', `The set has more than ${maxRows} rows: narrow its filters.`, {
        path: ['options', 'filters'],
      })
    }
    return { rows, at: { epoch: this.#epoch, pos: BigInt(pos ?? 0), seen: parseSnapshot(seen ?? '') } }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
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
    if (told || (await database.run(ANY_FRESH)).length > 0) await this.#sequence()
    for (;;) {
      const rows = await database.run(changesBetween(this.#pos, BigInt('9223372036854775807'), PAGE))
      if (rows.length === 0) break
      await this.#handOn(rows)
      this.#pos = BigInt(rows.at(-1)?.[0] ?? this.#pos)
    }
    await this.#prune()
  }

  #sequence(): Promise<void> {
    return this.#options.database.transaction(async (transaction) => {
      await transaction.run(LOCK_SEQUENCER)
      await transaction.run(SEQUENCE)
    })
  }

  async #handOn(rows: readonly Cells[]): Promise<void> {
    const watched = this.#options.entities.filter((entity) => this.#options.isWatched(entity))
    const transactions = await this.#changesOf(rows, watched)
    for (const changes of transactions) this.#sink?.changed(changes)
    for (const cells of rows) {
      if (cells[4] !== 'T') continue
      for (const entity of watched) {
        if (entity.tableName === cells[3]) this.#sink?.lost(entity, 'truncate', this.#placeOf(cells))
      }
    }
  }

  /** The changes of some entities among these rows of the stream, by transaction. */
  async #changesOf(rows: readonly Cells[], entities: readonly Entity[]): Promise<readonly (readonly Change[])[]> {
    const images = await this.#images(rows, entities)
    const transactions: Change[][] = []
    let last: string | null | undefined
    for (const cells of rows) {
      const [, , xid, table] = cells
      const changes = entities.flatMap((entity) =>
        entity.tableName === table ? this.#changeOf(cells, entity, images) : [],
      )
      if (changes.length === 0) continue
      if (xid !== last) transactions.push([])
      last = xid
      transactions.at(-1)?.push(...changes)
    }
    return transactions
  }

  #changeOf(cells: Cells, entity: Entity, images: Images): readonly Change[] {
    const [, id, , , op, at] = cells
    const image = images.get(`${entity.name}/${id}`)
    if (op === 'T' || !image) return []
    const operation = op === 'I' ? 'create' : op === 'D' ? 'delete' : 'update'
    return [{ entity, operation, ...image, timestamp: `${at}Z`, place: this.#placeOf(cells) }]
  }

  #placeOf([pos, , xid]: Cells): Place {
    const after = { epoch: this.#epoch, pos: BigInt(pos ?? 0), seen: undefined }
    return { pos: after.pos, xid: BigInt(xid ?? 0), at: encodePosition(after) }
  }

  async #images(rows: readonly Cells[], entities: readonly Entity[]): Promise<Images> {
    const images: Images = new Map()
    for (const entity of entities) {
      const ids = rows.flatMap(([, id, , table]) => (table === entity.tableName && id ? [id] : []))
      if (ids.length === 0) continue
      for (const [id, old, row] of await this.#readImages(entity, ids)) {
        images.set(`${entity.name}/${id}`, { old: rowOf(old), new: rowOf(row) })
      }
    }
    return images
  }

  /** Rows that the table can not hold any more, since it was altered, are told as lost; the stream goes on. */
  async #readImages(entity: Entity, ids: readonly string[]): Promise<readonly Cells[]> {
    try {
      return await this.#options.database.run(rowsOfChanges(entity, ids))
    } catch (error) {
      if (!(error instanceof DatabaseError) || !/^(42|22|0A)/.test(error.sqlState ?? '')) throw error
      this.#options.logger.error(
        { err: error, table: entity.tableName },
        'a table was altered; restart the server for it',
      )
      this.#sink?.lost(entity, 'schema', undefined)
      return []
    }
  }

  async #where() {
    const [row] = await this.#options.database.run(WHERE_NOW)
    const [pos, pruned, id, seen] = row ?? []
    const epoch = createHash('sha256')
      .update(id ?? '')
      .digest('base64url')
      .slice(0, 8)
    return { pos: BigInt(pos ?? 0), pruned: BigInt(pruned ?? 0), epoch, seen: parseSnapshot(seen ?? '') }
  }

  async #prune(): Promise<void> {
    if (Date.now() - this.#prunedAt < this.#options.pruneEveryMs) return
    this.#prunedAt = Date.now()
    const { database, maxAgeMs, maxChanges } = this.#options
    await this.durables.keepUp()
    await database.run(prune(maxAgeMs, maxChanges))
    await database.run(pruneRequests(REQUEST_AGE_MS))
  }
}

type Images = Map<string, { readonly old: Row | undefined; readonly new: Row | undefined }>

const rowOf = (json: string | null | undefined): Row | undefined => (json ? (decodeJson(json) as Row) : undefined)
