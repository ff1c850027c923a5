import * as z from 'zod/mini'
import { envelopeFields, id } from './envelope.ts'

/** Says who the client is, where the server cannot see its CONNECT packet; sent again to refresh. */
export const connect = z.object({
  ...envelopeFields,
  id,
  type: z.literal('connect'),
  data: z.strictObject({
    username: z.optional(z.string()),
    password: z.optional(z.string()),
    token: z.optional(z.string()),
  }),
})

export type Connect = z.infer<typeof connect>
