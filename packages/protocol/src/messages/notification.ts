import * as z from 'zod/mini'

/** What happened in the database, or to the subscription itself. */
export const notificationOperation = z.enum(['create', 'update', 'delete', 'snapshot', 'ready', 'reset'])

/** What it means to the subscriber's set of rows. */
export const change = z.enum(['enter', 'update', 'leave'])

/** Why a set has to be read anew. */
export const resetReason = z.enum(['history', 'rights', 'schema', 'slow', 'truncate'])

/** One change, told to one subscription. */
export const notification = z.object({
  type: z.literal('notification'),
  operation: notificationOperation,
  subscription_id: z.string(),
  schema: z.string(),
  entity: z.string(),
  /** The new row, or the key of a row that is gone or no longer in scope. */
  data: z.optional(z.unknown()),
  timestamp: z.string(),
  change: z.optional(change),
  /** The bare key; of a composite key an object. */
  key: z.optional(z.unknown()),
  /** The visible columns that an update changed. */
  changed: z.optional(z.array(z.string())),
  /** The old row, for a subscription that asked with `previous`. */
  previous: z.optional(z.unknown()),
  /** The position in the change stream just after this event. */
  at: z.optional(z.string()),
  /** Counts 1, 2, 3 … per subscription, so that a loss can be seen. */
  seq: z.number(),
})

export type Change = z.infer<typeof change>
export type ResetReason = z.infer<typeof resetReason>
export type Notification = z.infer<typeof notification>
