import type { Reply } from './reply.ts'

/** A message of a client, but for its id. */
export interface Message {
  readonly type: 'request' | 'subscription' | 'ping' | 'connect'
  readonly operation?: string
  readonly entity?: string
  readonly [field: string]: unknown
}

/** How long a call may take, and what ends it sooner. */
export interface AskOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Of a write without a connection: it waits for one as long as it may take, or it is kept until there is an answer. */
  readonly offline?: 'wait' | 'queue' | undefined
}

/** Sends a message and waits for its reply. */
export type Ask = (message: Message, options?: AskOptions) => Promise<Reply>
