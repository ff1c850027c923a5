import type { RawText, Runner, Statement } from './database.ts'

/** The cells of one result row, as the driver has them. */
export type RawCells = readonly (RawText | null)[]

/**
 * Runs a statement whose rows need not be decoded: a driver that has them as bytes hands those on, so that a large
 * answer goes from one socket to the other without becoming a string on its way.
 */
export function runRaw(database: Runner, statement: Statement): Promise<readonly RawCells[]> {
  // A driver that takes no notice of `raw` gives strings, which are raw text too.
  return database.run({ ...statement, raw: true })
}

/** A short cell as a string. */
export const textOf = (cell: RawText | null | undefined): string | undefined => cell?.toString()
