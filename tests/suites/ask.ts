import { expect } from 'vitest'
import type { Running } from './with-server.ts'

/** A reply as the wire has it. */
export interface Reply {
  readonly success: boolean
  readonly data: never
  readonly metadata: {
    total?: number
    count?: number
    next?: string
    previous?: string
    truncated?: string[]
    row_number?: number
    capped?: boolean
    limit?: number
  }
  readonly error?: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> }
}

/** Requests of a file's tests, each with an id of its own. */
export function asking(running: Running) {
  let asked = 0
  const request = async (message: object): Promise<Reply> => {
    asked++
    return (await running.client.ask({ id: `${asked}`, type: 'request', ...message })) as unknown as Reply
  }
  return {
    request,
    /** The reply, which must be a success. */
    async reply(message: object): Promise<Reply> {
      const reply = await request(message)
      expect(reply.error).toBeUndefined()
      return reply
    },
    /** The data of a reply that must be a success. */
    async data(message: object): Promise<never> {
      const reply = await request(message)
      expect(reply.error).toBeUndefined()
      return reply.data
    },
    /** The error of a reply that must be one. */
    async failure(message: object): Promise<Reply['error']> {
      const reply = await request(message)
      expect(reply.success).toBe(false)
      return reply.error
    },
  }
}
