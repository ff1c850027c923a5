import { nanoid } from 'nanoid'

/** A new id for a message: 21 characters, long enough that a server remembers a write by it for a day. */
export const requestId = (): string => nanoid()
