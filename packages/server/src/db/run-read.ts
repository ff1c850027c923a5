import { type Metadata, SpecError } from '@mqttspec/protocol'
import type { ReadMany, ReadOne } from '../query/read.ts'
import { readManyStatement, readOneStatement, TOTAL_CAP } from '../query/read-statement.ts'
import type { Runner } from './database.ts'

/** What a request came to: its `data` as JSON text, as Postgres wrote it, and what there is to say beside. */
export interface Result {
  readonly data: string
  readonly metadata?: Metadata
}

/** Reads a page of rows. */
export async function runReadMany(database: Runner, read: ReadMany): Promise<Result> {
  const [row] = await database.run(readManyStatement(read))
  const [data, count, total] = row ?? []
  const { limit, offset } = read
  return { data: data ?? '[]', metadata: { ...totalOf(total, read.total), count: Number(count ?? 0), limit, offset } }
}

function totalOf(total: string | null | undefined, asked: ReadMany['total']): Metadata {
  if (total === null || total === undefined) return {}
  const rows = Number(total)
  return asked === 'capped' && rows > TOTAL_CAP ? { total: TOTAL_CAP, capped: true } : { total: rows }
}

/** Reads one row. Rejects with `not_found`. */
export async function runReadOne(database: Runner, read: ReadOne): Promise<Result> {
  const [row] = await database.run(readOneStatement(read))
  if (!row?.[0]) throw notFound(read.entity.name)
  return { data: row[0], metadata: { total: 1, count: 1 } }
}

/** The error for a row that is not there; in a write of many, with its place in the list. */
export function notFound(entity: string, index?: number): SpecError {
  return new SpecError('not_found', `There is no such row in ${entity}.`, index === undefined ? undefined : { index })
}
