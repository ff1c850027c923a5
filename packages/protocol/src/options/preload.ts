import * as z from 'zod/mini'
import { columnFields } from './columns.ts'
import { type Filter, filterList } from './filter.ts'
import { pageFields } from './page.ts'
import { type Sort, sort } from './sort.ts'

/** Related rows to send along. `limit` and `offset` are per parent row. */
export interface Preload {
  relation: string
  columns?: string[] | undefined
  omit_columns?: string[] | undefined
  filters?: Filter[] | undefined
  sort?: Sort[] | undefined
  limit?: number | undefined
  offset?: number | undefined
  preload?: Preload[] | undefined
}

/** One relation to preload. */
export const preload: z.ZodMiniType<Preload> = z.strictObject({
  relation: z.string(),
  ...columnFields,
  filters: z.optional(filterList),
  sort: z.optional(z.array(sort)),
  ...pageFields,
  preload: z.optional(z.lazy(() => z.array(preload))),
}) as z.ZodMiniType<Preload>
