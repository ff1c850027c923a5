import * as z from 'zod/mini'

/** The options of a create. */
export const createOptions = z.strictObject({
  on_conflict: z.optional(z.strictObject({ columns: z.array(z.string()), do: z.enum(['update', 'nothing']) })),
})

/** The options of an update and a delete: `if` names what the columns must hold, or nothing is written. */
export const changeOptions = z.strictObject({ if: z.optional(z.record(z.string(), z.unknown())) })

/** The options of an operation that has none. */
export const noOptions = z.strictObject({})

export type CreateOptions = z.infer<typeof createOptions>
export type ChangeOptions = z.infer<typeof changeOptions>
