import type { Sort } from '@mqttspec/protocol'

/** A sort as a call takes it: a column, descending with `-` before it, or the wire's own form. */
export type SortLike = string | { readonly column: string; readonly direction?: string; readonly nulls?: string }

/** A sort, or several, as the wire has them. */
export function sortToWire(sort: SortLike | readonly SortLike[]): Sort[] {
  const list = Array.isArray(sort) ? (sort as readonly SortLike[]) : [sort as SortLike]
  return list.map((entry) => {
    if (typeof entry !== 'string') return { ...entry }
    return entry.startsWith('-') ? { column: entry.slice(1), direction: 'desc' } : { column: entry, direction: 'asc' }
  })
}
