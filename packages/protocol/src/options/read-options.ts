import * as z from 'zod/mini'
import { aggregate } from './aggregate.ts'
import { columnFields } from './columns.ts'
import { filterList } from './filter.ts'
import { namedExpression } from './named-expression.ts'
import { cursorFields, pageFields } from './page.ts'
import { preload } from './preload.ts'
import { sort } from './sort.ts'

/** How much a total may cost: counted to the end, to 1,000, or not at all. */
export const total = z.union([z.literal('exact'), z.literal('capped'), z.literal(false)])

/** The options of a read. */
export const readOptions = z.strictObject({
  ...columnFields,
  filters: z.optional(filterList),
  sort: z.optional(z.array(sort)),
  ...pageFields,
  ...cursorFields,
  preload: z.optional(z.array(preload)),
  fetch_row_number: z.optional(z.union([z.string(), z.number(), z.record(z.string(), z.unknown())])),
  customOperators: z.optional(z.array(namedExpression)),
  computedColumns: z.optional(z.array(namedExpression)),
  total: z.optional(total),
  aggregate: z.optional(aggregate),
})

export type ReadOptions = z.infer<typeof readOptions>
