import { decodeExactJson } from '@mqttspec/protocol'
import type { Cells, Database } from '../../db/database.ts'
import { DatabaseError } from '../../db/database-error.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Logger } from '../../logger.ts'
import type { Change, Place, Row } from '../change.ts'
import { encodePosition } from './position.ts'
import { rowsOfChanges } from './stream-statements.ts'

/** What changes are read with. */
export interface ChangeReaderParts {
  readonly database: Database
  readonly logger: Logger
  /** The rows of this entity's changes can not be read. */
  lost(entity: Entity): void
}

/** Makes changes of what the stream has of them: reads their rows, of the tables that somebody wants to know of. */
export class ChangeReader {
  readonly #parts: ChangeReaderParts

  constructor(parts: ChangeReaderParts) {
    this.#parts = parts
  }

  /**
   * What these rows of `changesBetween` after a position say of some entities, in their order: the changes of each
   * transaction, and where a table was truncated; or 'gone', where some of it has been forgotten meanwhile.
   */
  async read(
    rows: readonly Cells[],
    after: bigint,
    entities: readonly Entity[],
    stream: StreamRead,
  ): Promise<readonly Happened[] | 'gone'> {
    const isWhole = BigInt(rows.at(-1)?.[0] ?? after) - after === BigInt(rows.length)
    const images = isWhole ? await this.#images(rows, entities) : 'gone'
    if (images === 'gone') return 'gone'
    const happened: (Change[] | Emptied)[] = []
    let transaction: { readonly xid: string | null | undefined; readonly changes: Change[] } | undefined
    for (const cells of rows) {
      const [, , xid, table, op] = cells
      for (const entity of entities) {
        if (entity.tableName !== table) continue
        if (op === 'T') {
          happened.push({ entity, place: placeOfChange(cells, stream) })
          transaction = undefined
          continue
        }
        const change = changeOf(cells, entity, images, stream)
        if (!change) continue
        if (!transaction || transaction.xid !== xid) {
          transaction = { xid, changes: [] }
          happened.push(transaction.changes)
        }
        transaction.changes.push(change)
      }
    }
    return happened
  }

  async #images(rows: readonly Cells[], entities: readonly Entity[]): Promise<Images | 'gone'> {
    const images: Images = new Map()
    for (const entity of entities) {
      const ids = rows.flatMap(([, id, , table, op]) => (table === entity.tableName && op !== 'T' && id ? [id] : []))
      if (ids.length === 0) continue
      const read = await this.#readImages(entity, ids)
      if (read && read.length < ids.length) return 'gone'
      for (const [id, old, row] of read ?? []) {
        images.set(`${entity.name}/${id}`, { old: rowOf(old), new: rowOf(row) })
      }
    }
    return images
  }

  /** Rows that the table can not hold any more, since it was altered, are told as lost; the stream goes on. */
  async #readImages(entity: Entity, ids: readonly string[]): Promise<readonly Cells[] | undefined> {
    try {
      return await this.#parts.database.run(rowsOfChanges(entity, ids))
    } catch (error) {
      if (!(error instanceof DatabaseError) || !/^(42|22|0A)/.test(error.sqlState ?? '')) throw error
      this.#parts.logger.error(
        { err: error, table: entity.tableName },
        'a table was altered; restart the server for it',
      )
      this.#parts.lost(entity)
      return undefined
    }
  }
}

/** Of which stream something was read, and in which look. */
export interface StreamRead {
  readonly epoch: string
  readonly look: number
}

/** A table was truncated. */
export interface Emptied {
  readonly entity: Entity
  readonly place: Place
}

/** The changes of one transaction, or that a table was truncated. */
export type Happened = readonly Change[] | Emptied

type Images = Map<string, { readonly old: Row | undefined; readonly new: Row | undefined }>

function changeOf(cells: Cells, entity: Entity, images: Images, stream: StreamRead): Change | undefined {
  const [, id, , , op, at] = cells
  const image = images.get(`${entity.name}/${id}`)
  if (!image) return undefined
  const operation = op === 'I' ? 'create' : op === 'D' ? 'delete' : 'update'
  return { entity, operation, ...image, timestamp: `${at}Z`, place: placeOfChange(cells, stream) }
}

/** Where a row of `changesBetween` stands in the stream. */
function placeOfChange([pos, , xid, , , , mark]: Cells, { epoch, look }: StreamRead): Place {
  const after = { epoch, pos: BigInt(pos ?? 0), mark: Number(mark), seen: undefined }
  return { pos: after.pos, xid: BigInt(xid ?? 0), at: encodePosition(after), look }
}

const rowOf = (json: string | null | undefined): Row | undefined => (json ? (decodeExactJson(json) as Row) : undefined)
