import type { Statement } from '../db/database.ts'
import type { SqlText } from './sql-text.ts'

/** A write as the request log knows it: who asked, under which id, with which content, and when it is answered. */
export interface LoggedRequest {
  readonly clientId: string
  readonly id: string
  readonly hash: string
  readonly repliedAt: string
}

/**
 * Ends a writing statement: selects its cells, and with a request to log, stores the reply's data in the same statement
 * where there is any. A request that has run already breaks the log's key, and takes the whole statement back.
 */
export function finishWrite(
  ctes: readonly string[],
  cells: readonly string[],
  data: { readonly expression: string; readonly where: string },
  log: LoggedRequest | undefined,
  sql: SqlText,
): Statement {
  if (!log) return sql.statement(`with ${ctes.join(', ')} select ${cells.join(', ')}`)
  const named = cells.map((cell, index) => `${cell} as c${index}`).join(', ')
  const values = [log.clientId, log.id, log.hash, log.repliedAt].map((value) => sql.bindText(value, 'text')).join(', ')
  const logged = `insert into mqttspec.request (client, id, hash, replied, data) select ${values}, ${data.expression} from out where ${data.where}`
  const all = [...ctes, `out as materialized (select ${named})`, `logged as (${logged})`]
  return sql.statement(`with ${all.join(', ')} select ${cells.map((_, index) => `c${index}`).join(', ')} from out`)
}

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
