import * as z from 'zod/mini'

const count = z.int('Use a whole number.').check(z.nonnegative('Use a whole number from 0.'))

/** A page by position: `limit` 0 asks for the metadata only. */
export const pageFields = { limit: z.optional(count), offset: z.optional(count) }

const cursor = z.union([z.string(), z.number(), z.record(z.string(), z.unknown())])

/** A page by cursor: the key of the edge row, or `next` and `previous` of an answer's metadata. */
export const cursorFields = { cursor_forward: z.optional(cursor), cursor_backward: z.optional(cursor) }
