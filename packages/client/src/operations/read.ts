import type { CallOptions } from '../options/call-options.ts'
import { filterOptions, type LooseOperators, operatorOptions } from '../options/filter-options.ts'
import { type LooseRow, rowOptions } from '../options/row-options.ts'
import { type SortLike, sortToWire } from '../options/sort-to-wire.ts'
import type { Ask } from '../request/ask.ts'
import { unlessNotFound } from './unless-not-found.ts'

/** A page of rows. */
export interface Page<Row, Total = number | undefined> {
  readonly data: Row[]
  /** Rows in this page. */
  readonly count: number
  /** All rows that match; asked for by `total`. */
  readonly total: Total
  /** With `total: 'capped'`: are there more than `total`? */
  readonly capped?: boolean
  /** As the server used it, which may be less than was asked. */
  readonly limit: number
  readonly offset: number
  /** For the `after` of the next page; absent at the end. */
  readonly next?: string
  /** For the `before` of the page before; absent at the start. */
  readonly previous?: string
  /** Relations whose rows were cut at their limit for some row, such as `posts.comments`; absent when none was. */
  readonly truncated?: readonly string[]
  /** The position in the change stream at which this page was true. */
  readonly at?: string
}

type Row = Record<string, unknown>

/** Which rows, as loosely typed as it runs. */
export interface LooseFilter extends CallOptions {
  readonly where?: object | undefined
  readonly filters?: readonly unknown[] | undefined
  readonly operators?: LooseOperators | undefined
}

/** The options of a read, as loosely typed as they run. */
export interface LooseRead extends LooseFilter, LooseRow {
  readonly sort?: SortLike | readonly SortLike[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly after?: unknown
  readonly before?: unknown
  readonly total?: boolean | 'exact' | 'capped' | undefined
}

/** Which rows and in which order, as the wire has it. */
export function listOptions(call: Omit<LooseRead, keyof LooseRow>) {
  return {
    filters: filterOptions(call),
    customOperators: operatorOptions(call.operators),
    sort: call.sort && sortToWire(call.sort),
  }
}

/** Reads a page of rows. */
export async function read(ask: Ask, entity: string, call: LooseRead = {}): Promise<Page<Row>> {
  const { limit, offset, after, before, total = false } = call
  const options = {
    ...rowOptions(call),
    ...listOptions(call),
    limit,
    offset,
    cursor_forward: after,
    cursor_backward: before,
    total: total === true ? 'exact' : total,
  }
  const { data, metadata } = await ask({ type: 'request', operation: 'read', entity, options }, call)
  const rows = data as Row[]
  const { count = rows.length, limit: used = rows.length, offset: skipped = 0 } = metadata
  const { next, previous, truncated, at, capped } = metadata
  return {
    data: rows,
    count,
    total: metadata.total,
    limit: used,
    offset: skipped,
    ...(capped !== undefined && { capped }),
    ...(next !== undefined && { next }),
    ...(previous !== undefined && { previous }),
    ...(truncated !== undefined && { truncated }),
    ...(at !== undefined && { at }),
  }
}

/** Reads one row by its key; null when there is none that this client may see. */
export function get(ask: Ask, entity: string, key: unknown, call: LooseRead = {}): Promise<Row | null> {
  return unlessNotFound(async () => {
    const options = rowOptions(call)
    const reply = await ask({ type: 'request', operation: 'read', entity, record_id: key, options }, call)
    return reply.data as Row
  })
}

/** Counts the rows that match. */
export async function count(ask: Ask, entity: string, where?: object, call: LooseFilter = {}): Promise<number> {
  const page = await read(ask, entity, { ...call, where, limit: 0, total: 'exact' })
  return page.total ?? 0
}
