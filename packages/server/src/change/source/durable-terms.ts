import { createHash } from 'node:crypto'
import type { SubscribeRequest } from '@mqttspec/protocol'
import { conditionSql } from '../../query/condition-sql.ts'
import { SqlText } from '../../query/sql-text.ts'
import type { Wanted } from '../../session/subscription.ts'
import type { DurableClaim } from './durable-statements.ts'

/**
 * What a durable subscription is of: what was asked, which stays the same under one name, and what that comes to under
 * the rights of who asks, which may change from one time to the next.
 */
export function termsOf(
  { entity, where, columns }: Wanted,
  { options = {} }: SubscribeRequest,
): Pick<DurableClaim, 'table' | 'content' | 'rights'> {
  const { filters = [], columns: asked, omit_columns: omitted, previous = false } = options
  const sql = new SqlText()
  const { text, params } = sql.statement(conditionSql(where, 't', sql))
  return {
    table: entity.tableName,
    content: JSON.stringify([entity.name, filters, asked ?? null, omitted ?? null, previous]),
    rights: hash([text, params, columns.map(({ name }) => name)]),
  }
}

const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url')
