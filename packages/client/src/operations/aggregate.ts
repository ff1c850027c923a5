import type { SortLike } from '../options/sort-to-wire.ts'
import type { Ask } from '../request/ask.ts'
import { type LooseFilter, listOptions } from './read.ts'

/** The options of an aggregate, as loosely typed as they run. */
export interface LooseAggregate extends LooseFilter {
  readonly fields: Readonly<Record<string, object>>
  readonly groupBy?: readonly string[] | undefined
  readonly sort?: SortLike | readonly SortLike[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** Computes figures: one object of them, or with columns to group by a list. */
export async function aggregate(ask: Ask, entity: string, call: LooseAggregate): Promise<unknown> {
  const { fields, groupBy = [], limit, offset } = call
  const { sort, ...rows } = listOptions(call)
  const grouped = groupBy.length > 0
  const options = {
    ...rows,
    // Without groups there is one answer, and no page of it.
    ...(grouped && { sort, limit, offset }),
    aggregate: { fields, ...(grouped && { group_by: groupBy }) },
  }
  const { data } = await ask({ type: 'request', operation: 'read', entity, options }, call)
  return grouped ? data : (data as readonly unknown[])[0]
}
