import * as z from 'zod/mini'

/** A path into the message: field names and positions, such as `["options","filters",0,"column"]`. */
export const path = z.array(z.union([z.string(), z.number()]))

/** What more there is to say about an error. A newer server may say more than this. */
export const errorDetails = z.looseObject({
  path: z.optional(path),
  issues: z.optional(z.array(z.object({ path, message: z.string() }))),
  /** Which row of a write of many, or which operation of a batch. */
  index: z.optional(z.number()),
  constraint: z.optional(z.string()),
  columns: z.optional(z.array(z.string())),
  retry_after_ms: z.optional(z.number()),
  /** The protocol versions that the server answers. */
  supported: z.optional(z.array(z.number())),
  /** For a bug in the server: what to look for in its log. */
  request: z.optional(z.string()),
  /** Given by the SDK for a write whose answer did not come in time. */
  outcome: z.optional(z.literal('unknown')),
})

/** An error as it travels: never SQL, a stack, or a driver's text. */
export const wireError = z.object({ code: z.string(), message: z.string(), details: z.optional(errorDetails) })

export type ErrorDetails = z.infer<typeof errorDetails>
export type WireError = z.infer<typeof wireError>
