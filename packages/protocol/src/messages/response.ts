import * as z from 'zod/mini'
import { wireError } from '../errors/wire-error.ts'

/** What an answer says beside its data. A newer server may say more. */
export const metadata = z.looseObject({
  /** Rows that match; left out with `total: false`. */
  total: z.optional(z.number()),
  /** With `total: "capped"`: the count stopped, there are more than `total`. */
  capped: z.optional(z.boolean()),
  /** Rows in this answer. */
  count: z.optional(z.number()),
  limit: z.optional(z.number()),
  offset: z.optional(z.number()),
  /** Opaque cursors of the pages after and before this one. */
  next: z.optional(z.string()),
  previous: z.optional(z.string()),
  row_number: z.optional(z.number()),
  /** Preloads that were cut at their limit. */
  truncated: z.optional(z.array(z.string())),
  /** The position in the change stream at which this read was true. */
  at: z.optional(z.string()),
})

/** The one reply to a message, but for a ping's. */
export const response = z.object({
  id: z.string(),
  type: z.literal('response'),
  success: z.boolean(),
  data: z.optional(z.unknown()),
  error: z.optional(wireError),
  metadata: z.optional(metadata),
  timestamp: z.string(),
})

export type Metadata = z.infer<typeof metadata>
export type Response = z.infer<typeof response>
