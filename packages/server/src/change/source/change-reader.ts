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
   * The changes of some entities among these rows of `changesBetween` after a position, by transaction; or 'gone', where
   * some of them have been forgotten meanwhile.
   */
  async changesOf(
    rows: readonly Cells[],
    after: bigint,
    entities: readonly Entity[],
    stream: StreamRead,
  ): Promise<readonly (readonly Change[])[] | 'gone'> {
    const isWhole = BigInt(rows.at(-1)?.[0] ?? after) - after === BigInt(rows.length)
    const images = isWhole ? await this.#images(rows, entities) : 'gone'
    if (images === 'gone') return 'gone'
    const transactions: Change[][] = []
    let last: string | null | undefined
    for (const cells of rows) {
      const [, , xid, table] = cells
      const changes = entities.flatMap((entity) =>
        entity.tableName === table ? changeOf(cells, entity, images, stream) : [],
      )
      if (changes.length === 0) continue
      if (xid !== last) transactions.push([])
      last = xid
      transactions.at(-1)?.push(...changes)
    }
    return transactions
  }

  async #images(rows: readonly Cells[], entities: readonly Entity[]): Promise<Images | 'gone'> {
    const images: Images = new Map()
    for (const entity of entities) {
      const ids = rows.flatMap(([, id, , table]) => (table === entity.tableName && id ? [id] : []))
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

type Images = Map<string, { readonly old: Row | undefined; readonly new: Row | undefined }>

function changeOf(cells: Cells, entity: Entity, images: Images, stream: StreamRead): readonly Change[] {
  const [, id, , , op, at] = cells
  const image = images.get(`${entity.name}/${id}`)
  if (op === 'T' || !image) return []
  const operation = op === 'I' ? 'create' : op === 'D' ? 'delete' : 'update'
  return [{ entity, operation, ...image, timestamp: `${at}Z`, place: placeOfChange(cells, stream) }]
}

/** The places at which an entity's table was truncated, among rows of `changesBetween`. */
export const emptied = (rows: readonly Cells[], { tableName }: Entity, stream: StreamRead): readonly Place[] =>
  rows.flatMap((cells) => (cells[4] === 'T' && cells[3] === tableName ? [placeOfChange(cells, stream)] : []))

/** Where a row of `changesBetween` stands in the stream. */
function placeOfChange([pos, , xid, , , , mark]: Cells, { epoch, look }: StreamRead): Place {
  const after = { epoch, pos: BigInt(pos ?? 0), mark: Number(mark), seen: undefined }
  return { pos: after.pos, xid: BigInt(xid ?? 0), at: encodePosition(after), look }
}

const rowOf = (json: string | null | undefined): Row | undefined => (json ? (decodeExactJson(json) as Row) : undefined)
