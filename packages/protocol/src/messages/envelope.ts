import * as z from 'zod/mini'
import { PROTOCOL_VERSION } from '../version.ts'

/** What every message of a client may carry. Unknown fields beside these are ignored. */
export const envelopeFields = {
  v: z.optional(z.literal(PROTOCOL_VERSION)),
  /** Behind an external broker: who sends this, as `connect` answered. */
  session: z.optional(z.string()),
}

/** The id that the reply bears. A long random one lets a write be repeated for a day, a short one for a minute. */
export const id = z.string().check(z.minLength(1), z.maxLength(128))

/** Which entity: its wire name, and the Postgres schema if it is to be checked. */
export const entityFields = { schema: z.optional(z.string()), entity: z.string().check(z.minLength(1)) }
