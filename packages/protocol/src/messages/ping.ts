import * as z from 'zod/mini'
import { envelopeFields, id } from './envelope.ts'

/** Asks whether the server is there. */
export const ping = z.object({ ...envelopeFields, id: z.optional(id), type: z.literal('ping') })

export type Ping = z.infer<typeof ping>
