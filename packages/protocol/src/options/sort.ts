import * as z from 'zod/mini'

/** One column to sort by; direction (ascending unless said) and nulls in any case. */
export const sort = z.strictObject({
  column: z.string(),
  direction: z.optional(z.string().check(z.regex(/^(asc|desc)$/i, 'Use "asc" or "desc".'))),
  nulls: z.optional(z.string().check(z.regex(/^(first|last)$/i, 'Use "first" or "last".'))),
})

export type Sort = z.infer<typeof sort>
