import type { Meta } from '../operations/meta.ts'
import { filterOptions } from '../options/filter-options.ts'
import { sortToWire } from '../options/sort-to-wire.ts'
import type { LooseLive } from './live-steps.ts'
import { type RowOrder, rowOrder } from './row-order.ts'

type Row = Readonly<Record<string, unknown>>

/** How a list is kept by what is told of its rows, without reading it again. */
export interface ChangePlan {
  readonly order: RowOrder
  /** What to read: what was asked for, and what the order goes by. */
  readonly columns: readonly string[]
  /** Leaves of a row what was asked for. */
  show(row: Row): Row
}

/**
 * A plan for what was asked; undefined where the rows alone do not tell what it is: related rows, columns and operators
 * of the server's own, an offset, or an order that only Postgres knows.
 */
export function changePlan(call: LooseLive, meta: Meta): ChangePlan | undefined {
  if (call.with || call.preload || call.computed || call.operators || call.offset) return undefined
  const order = rowOrder(call.sort === undefined ? [] : sortToWire(call.sort), meta)
  const shown = shownColumns(call, meta)
  if (!order?.isKnown || !shown) return undefined
  const columns = [...new Set([...shown, ...order.columns])]
  const isAll = columns.length === shown.length
  return { order, columns, show: (row) => (isAll ? row : pick(row, shown)) }
}

/** Where only a read tells the list: what of each row may change it; undefined for all of it. */
export function watchedColumns(call: LooseLive, meta: Meta): readonly string[] | undefined {
  // What these come to may depend on any column.
  if (call.with || call.preload || call.computed || call.operators) return undefined
  const shown = shownColumns(call, meta)
  const order = rowOrder(call.sort === undefined ? [] : sortToWire(call.sort), meta)
  return shown && order && [...new Set([...shown, ...order.columns])]
}

/** Subscribes to the rows that the filters let through. */
export const watchOptions = (call: LooseLive, columns: readonly string[] | undefined) => ({
  filters: filterOptions(call),
  columns,
})

/** The columns of the rows that were asked for; undefined when one of them is not the table's. */
function shownColumns(call: LooseLive, { columns }: Meta): readonly string[] | undefined {
  const all = columns.map(({ name }) => name)
  const omitted = new Set(call.omitColumns)
  const shown = [...new Set(call.columns ?? all)].filter((name) => !omitted.has(name))
  return [...shown, ...omitted].every((name) => all.includes(name)) ? shown : undefined
}

const pick = (row: Row, columns: readonly string[]): Row => Object.fromEntries(columns.map((name) => [name, row[name]]))
