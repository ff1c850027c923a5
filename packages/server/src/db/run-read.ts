import { type Metadata, SpecError } from '@mqttspec/protocol'
import type { AggregateRead } from '../query/aggregate.ts'
import { aggregateStatement } from '../query/aggregate-statement.ts'
import { encodeCursor } from '../query/page-cursor.ts'
import type { ReadMany, ReadOne, ReadRank } from '../query/read.ts'
import {
  edgeStatement,
  readManyStatement,
  readOneStatement,
  readRankStatement,
  TOTAL_CAP,
} from '../query/read-statement.ts'
import { type JsonText, jsonArray, ROW_SEPARATOR } from '../query/separated-rows.ts'
import type { Runner } from './database.ts'
import { runRaw, textOf } from './raw-cells.ts'

/** What a request came to: its `data` as JSON text, as Postgres wrote it, and what there is to say beside. */
export interface Result {
  readonly data: JsonText
  readonly metadata?: Metadata
}

type Cell = string | null | undefined

/** How a read tells the place in the change stream at which it was true; where there is no stream, it does not. */
export interface ReadPlace {
  /** SQL of a text that names the place. */
  readonly sql: string
  /** That text as a position of the wire. */
  positionOf(text: string): string
}

/** What a read gives beside its rows, and how large these may be. */
export interface ReadOptions {
  readonly place?: ReadPlace | undefined
  /** Bytes of rows that a reply can hold, where nobody makes them smaller before it is sent. */
  readonly mostBytes?: number | undefined
}

const atOf = (cell: Cell, place: ReadPlace | undefined): Metadata =>
  place && cell ? { at: place.positionOf(cell) } : {}

/**
 * Reads a page of rows. Rejects with `cursor_error` when the row that a cursor names is gone, and with
 * `payload_too_large` without the rows having come here.
 */
export async function runReadMany(
  database: Runner,
  read: ReadMany,
  { place, mostBytes }: ReadOptions = {},
): Promise<Result> {
  const edge = await edgeOf(database, read)
  const [[rows, ...cells] = []] = await runRaw(
    database,
    readManyStatement(read, edge, { place: place?.sql, mostBytes }),
  )
  const [found, total, first, last, cut, at] = cells.map(textOf)
  const { limit, offset } = read
  if (!rows && Number(found) > 0) throw answerTooLarge()
  const more = Number(found) > limit
  const count = more ? limit : Number(found)
  const metadata = {
    ...totalOf(total, read.total),
    count,
    limit,
    offset,
    ...(count > 0 && cursorsOf(read, more, first, last)),
    ...truncatedOf(cut?.split(ROW_SEPARATOR).slice(0, limit).filter(Boolean).join(',')),
    ...atOf(at, place),
  }
  return { data: jsonArray(rows, { limit, more, reverse: read.cursor?.direction === 'backward' }), metadata }
}

async function edgeOf(
  database: Runner,
  { cursor, ...read }: ReadMany,
): Promise<readonly (string | null)[] | undefined> {
  if (!cursor) return undefined
  if ('values' in cursor.edge) return cursor.edge.values
  const [values] = await database.run(edgeStatement({ ...read, cursor }, cursor.edge.row))
  if (values) return values
  throw new SpecError('cursor_error', 'The row that the cursor names is gone; use metadata.next, which outlives it.', {
    path: ['options', `cursor_${cursor.direction}`],
  })
}

/** The cursors of the pages around this one, which has rows, where there may be any. */
function cursorsOf(read: ReadMany, more: boolean, first: Cell, last: Cell): Metadata {
  const backward = read.cursor?.direction === 'backward'
  const hasNext = backward || more
  const hasPrevious = backward ? more : read.cursor !== undefined || read.offset > 0
  return {
    ...(hasNext && last && { next: encodeCursor(read.entity, read.sort, last) }),
    ...(hasPrevious && first && { previous: encodeCursor(read.entity, read.sort, first) }),
  }
}

function totalOf(total: Cell, asked: ReadMany['total']): Metadata {
  if (total === null || total === undefined) return {}
  const rows = Number(total)
  return asked === 'capped' && rows > TOTAL_CAP ? { total: TOTAL_CAP, capped: true } : { total: rows }
}

const truncatedOf = (cut: Cell): Metadata => (cut ? { truncated: [...new Set(cut.split(','))] } : {})

/** Reads one row. Rejects with `not_found`, and with `payload_too_large` as a page does. */
export async function runReadOne(
  database: Runner,
  read: ReadOne,
  { place, mostBytes }: ReadOptions = {},
): Promise<Result> {
  const [found] = await runRaw(database, readOneStatement(read, { place: place?.sql, mostBytes }))
  if (!found) throw notFound(read.entity.name)
  const [row, ...cells] = found
  if (!row) throw answerTooLarge()
  const [cut, at] = cells.map(textOf)
  return {
    data: typeof row === 'string' ? row : [row],
    metadata: { total: 1, count: 1, ...truncatedOf(cut), ...atOf(at, place) },
  }
}

/** Reads one row and its place in a list. Rejects with `not_found` when it is not in the list. */
export async function runReadRank(database: Runner, read: ReadRank): Promise<Result> {
  const [row] = await database.run(readRankStatement(read))
  if (!row?.[0]) throw notFound(read.entity.name)
  const [data, cut, rank, total] = row
  return {
    data,
    metadata: { total: Number(total), count: 1, row_number: Number(rank), ...truncatedOf(cut) },
  }
}

/** Computes figures per group. */
export async function runAggregate(database: Runner, read: AggregateRead): Promise<Result> {
  const [row] = await database.run(aggregateStatement(read))
  const { limit, offset } = read
  return { data: row?.[0] ?? '[]', metadata: { count: Number(row?.[1] ?? 0), limit, offset } }
}

/** The error for rows that no reply can hold. */
export const answerTooLarge = (): SpecError =>
  new SpecError('payload_too_large', 'The answer is too large: ask for fewer rows or columns.')

/** The error for a row that is not there. */
export function notFound(entity: string): SpecError {
  return new SpecError('not_found', `There is no such row in ${entity}.`)
}
