import * as z from 'zod/mini'

/** The answer to a ping, with its id; `""` if it had none. */
export const pong = z.object({ id: z.string(), type: z.literal('pong'), timestamp: z.string() })

export type Pong = z.infer<typeof pong>
