import * as z from 'zod/mini'

/** An expression that the server registered, by its name. SQL from a client has no place here. */
export const namedExpression = z.strictObject({ name: z.string(), value: z.optional(z.unknown()) })

export type NamedExpression = z.infer<typeof namedExpression>
