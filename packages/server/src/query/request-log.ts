import type { Statement } from '../db/database.ts'
import type { SqlText } from './sql-text.ts'

/** A write as the request log knows it: who asked, under which id, with which content, and when it is answered. */
export interface LoggedRequest {
  readonly clientId: string
  readonly id: string
  readonly hash: string
  readonly repliedAt: string
}

/** What becomes of a write that is one statement: its reply, which is logged along with a request. */
export interface ReplyOf {
  readonly request: LoggedRequest | undefined
  /** Is its data a list? */
  readonly list: boolean
  /** How large its data may be. */
  readonly maxBytes: number
}

/** The data of a reply in terms of a statement's cells, which are `c0`, `c1` and so on. */
export interface ReplyData {
  readonly expression: string
  /** Is there any? */
  readonly where: string
  /** The cell that can be large, if one can. */
  readonly cell?: string
}

const TOO_LARGE = 'mqttspec reply .'

/**
 * Ends a writing statement: selects its cells. With a request to log, it stores the reply's data in the same statement
 * where there is any; one that has run already breaks the log's key, and takes the whole statement back. So does data
 * that is too large to be told: what cannot be answered is not done.
 */
export function finishWrite(
  ctes: readonly string[],
  cells: readonly string[],
  data: ReplyData,
  reply: ReplyOf | undefined,
  sql: SqlText,
): Statement {
  if (!reply) return sql.statement(`with ${ctes.join(', ')} select ${cells.join(', ')}`)
  const named = cells.map((cell, index) => `${cell} as c${index}`).join(', ')
  const all = [...ctes, `out as materialized (select ${named})`]
  if (reply.request) {
    const { clientId, id, hash, repliedAt } = reply.request
    const values = [clientId, id, hash, repliedAt].map((value) => sql.bindText(value, 'text')).join(', ')
    all.push(
      `logged as (insert into mqttspec.request (client, id, hash, replied, data) select ${values}, ${data.expression} from out where ${data.where})`,
    )
  }
  const selected = cells.map((_, index) => `c${index}`)
  if (data.cell) selected.push(fits(data.cell, reply.maxBytes, sql))
  return sql.statement(`with ${all.join(', ')} select ${selected.join(', ')} from out`)
}

// What ends the statement is a cast of text that is no number, as in check-sql.ts.
function fits(cell: string, maxBytes: number, sql: SqlText): string {
  const most = sql.bindText(String(maxBytes), 'int4')
  const failed = `${sql.bindText(TOO_LARGE, 'text')} || left(${cell}, 0)`
  return `((case when coalesce(octet_length(${cell}), 0) <= ${most} then '0' else ${failed} end)::int4)::text`
}

/** Does an error's message say that the reply of a write was too large? */
export const isReplyTooLarge = (message: string): boolean => message.includes(`"${TOO_LARGE}"`)

/** Logs a request whose write took more than one statement, in its transaction. */
export function logStatement({ clientId, id, hash, repliedAt }: LoggedRequest, data: string): Statement {
  const text = `insert into mqttspec.request (client, id, hash, replied, data)
    values ($1::text, $2::text, $3::text, $4::text, $5::text)`
  return { text, params: [clientId, id, hash, repliedAt, data] }
}

/** What was logged of a request: hash, data, when it was answered. */
export function loggedStatement({ clientId, id }: LoggedRequest): Statement {
  const text = 'select hash, data, replied from mqttspec.request where client = $1::text and id = $2::text'
  return { text, params: [clientId, id] }
}
