import * as z from 'zod/mini'
import { columnFields } from './columns.ts'
import { filterList } from './filter.ts'

/** The options of a subscribe. */
export const subscribeOptions = z.strictObject({
  ...columnFields,
  filters: z.optional(filterList),
  /** Replays every change after this position of the stream first. */
  since: z.optional(z.string()),
  /** Sends the rows that are there first. */
  snapshot: z.optional(z.boolean()),
  /** Sends the old row along. */
  previous: z.optional(z.boolean()),
  /** A name under which the subscription outlives the session. */
  durable: z.optional(z.string()),
})

export type SubscribeOptions = z.infer<typeof subscribeOptions>
