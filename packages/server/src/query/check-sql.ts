import type { Entity } from '../entity/entity.ts'
import { conditionSql } from './condition-sql.ts'
import type { SqlText } from './sql-text.ts'
import type { RowCheck } from './write.ts'

const MARK = 'mqttspec check'
const FAILED = /"mqttspec check (.*) \."/

/**
 * SQL that ends the statement with an error when a written row does not pass its check, so that one statement both
 * writes and checks, and a row that fails was never stored. What ends it is a cast of text that is no number.
 */
export function checkSql(entity: Entity, check: RowCheck, source: string, sql: SqlText): string {
  const tests = [test(conditionSql(check.scope, 't', sql), '', entity, sql)]
  for (const { constraint, local, foreign, entity: related, scope } of check.references) {
    const isNull = local.map((name) => `t.${name} is null`).join(' or ')
    const same = local.map((name, index) => `r.${foreign[index]} = t.${name}`).join(' and ')
    const found = `exists (select from ${related.sqlName} r where ${same} and (${conditionSql(scope, 'r', sql)}))`
    tests.push(test(`${isNull} or ${found}`, constraint, entity, sql))
  }
  return `(select count(${tests.join(' + ')}) from ${source} t)::text`
}

// The key keeps the planner from working the cast out before there is a row.
function test(condition: string, name: string, { key }: Entity, sql: SqlText): string {
  const failed = `${sql.bindText(`${MARK} ${name} .`, 'text')} || left(t.${key[0]?.sqlName}::text, 0)`
  return `(case when ${condition} then '0' else ${failed} end)::int4`
}

/** Of an error's message: the constraint of the check that failed, `""` for the scope; undefined if it was none. */
export const failedCheck = (message: string): string | undefined => FAILED.exec(message)?.[1]
