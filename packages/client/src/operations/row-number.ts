import { rowOptions } from '../options/row-options.ts'
import type { Ask } from '../request/ask.ts'
import { type LooseRead, listOptions } from './read.ts'
import { unlessNotFound } from './unless-not-found.ts'

/** A row and its place in a list. */
export interface RowNumber<Row> {
  readonly row: Row
  /** From 1. */
  readonly rowNumber: number
  /** Rows in the list. */
  readonly total: number
}

/** Reads a row with its place among the rows that match; null when it is not among them. */
export function rowNumber(
  ask: Ask,
  entity: string,
  key: unknown,
  call: LooseRead = {},
): Promise<RowNumber<Record<string, unknown>> | null> {
  return unlessNotFound(async () => {
    const options = { ...rowOptions(call), ...listOptions(call), fetch_row_number: key }
    const { data, metadata } = await ask({ type: 'request', operation: 'read', entity, options }, call)
    return {
      row: data as Record<string, unknown>,
      rowNumber: metadata.row_number ?? 0,
      total: metadata.total ?? 0,
    }
  })
}
