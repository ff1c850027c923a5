import { encodeJson, SpecError } from '@mqttspec/protocol'
import type { AskOptions, Message } from './request/ask.ts'
import type { Reply } from './request/reply.ts'
import { requestId } from './request/request-id.ts'
import type { Outgoing } from './request/waiting-request.ts'

/*
 * READ FIRST. The path of a call:
 *
 *   operations/   spec.update('users', 1, {…}) becomes a message, by options/
 *   request-path  the message gets its id and its bytes, and is refused here if there are too many      ← this file
 *   request/      it waits: for its turn, for a connection, for its reply; it is sent again with the same id
 *   identity/     it gets the session that it is sent in, where the server asks for one
 *   connection/   there is a link, or there will be
 *   transport/    bytes out, on {prefix}/{client id}/request
 *
 * and back: transport/ → connection/ → incoming.ts by topic → request/ by id → operations/ → the caller.
 * A notification takes the same way to subscription/, by its subscription's id.
 */

export interface AskSteps {
  /** Waits for the reply; rejects with a refusal of the server. */
  wait(outgoing: Outgoing): Promise<Reply>
  /** The same for a write that is kept, however long there is no connection. */
  keep(outgoing: Outgoing): Promise<Reply>
  /** What becomes of writes that do not say so themselves. */
  readonly offline: 'wait' | 'queue'
  readonly timeoutMs: number
  readonly maxRequestBytes: number
}

const WRITES = new Set(['create', 'update', 'delete', 'batch'])

/** The path of a call: one id, one text, one settlement, however often it is sent. */
export async function ask(message: Message, options: AskOptions, steps: AskSteps): Promise<Reply> {
  const id = requestId()
  const text = encodeJson({ ...message, id })
  checkSize(text, steps.maxRequestBytes)
  const write = WRITES.has(message.operation ?? '')
  const isKept = write && (options.offline ?? steps.offline) === 'queue'
  const outgoing: Outgoing = {
    id,
    text,
    name: [message.operation ?? message.type, message.entity].filter(Boolean).join(' '),
    identifies: message.type === 'connect',
    write,
    timeoutMs: options.timeoutMs ?? (isKept ? Number.POSITIVE_INFINITY : steps.timeoutMs),
    signal: options.signal,
  }
  return isKept ? steps.keep(outgoing) : steps.wait(outgoing)
}

function checkSize(text: string, maxBytes: number): void {
  // A UTF-16 unit is at most three bytes, so most texts need not be counted.
  if (text.length * 3 <= maxBytes) return
  const { length } = new TextEncoder().encode(text)
  if (length <= maxBytes) return
  throw new SpecError('payload_too_large', `The message has ${length} bytes, more than ${maxBytes}; send less at once.`)
}
