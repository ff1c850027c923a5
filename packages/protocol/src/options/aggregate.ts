import * as z from 'zod/mini'

/** Figures over the rows that match: each alias a function of a column, for all rows or per group. */
export const aggregate = z.strictObject({
  fields: z.record(
    z.string(),
    z.strictObject({ fn: z.enum(['count', 'sum', 'avg', 'min', 'max']), column: z.optional(z.string()) }),
  ),
  group_by: z.optional(z.array(z.string())),
})

export type Aggregate = z.infer<typeof aggregate>
