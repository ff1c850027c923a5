import * as z from 'zod/mini'
import { subscribeOptions } from '../options/subscribe-options.ts'
import { entityFields, envelopeFields, id } from './envelope.ts'

const head = { ...envelopeFields, id, type: z.literal('subscription') }

/** Asks to be told of every change to the rows that match. */
export const subscribeRequest = z.object({
  ...head,
  ...entityFields,
  operation: z.literal('subscribe'),
  options: z.optional(subscribeOptions),
})

/** Ends a subscription, named by `subscription_id` or `data.subscription_id`. */
export const unsubscribeRequest = z.object({
  ...head,
  operation: z.literal('unsubscribe'),
  subscription_id: z.optional(z.string()),
  data: z.optional(z.object({ subscription_id: z.optional(z.string()) })),
})

/** Everything of `type: subscription`. */
export const subscription = z.discriminatedUnion('operation', [subscribeRequest, unsubscribeRequest])

export type SubscribeRequest = z.infer<typeof subscribeRequest>
export type UnsubscribeRequest = z.infer<typeof unsubscribeRequest>
export type Subscription = z.infer<typeof subscription>
