import * as z from 'zod/mini'

/** Which columns an answer has: only these, or all but these. */
export const columnFields = { columns: z.optional(z.array(z.string())), omit_columns: z.optional(z.array(z.string())) }
