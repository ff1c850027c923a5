import { cellSql } from './cell.ts'
import type { Comparison, Condition, Operand } from './condition.ts'
import type { SqlText } from './sql-text.ts'

/** The SQL of a condition on the table that `alias` names. */
export function conditionSql(condition: Condition, alias: string, sql: SqlText): string {
  switch (condition.is) {
    case 'all':
      return join(condition.of, ' and ', 'true', alias, sql)
    case 'any':
      return join(condition.of, ' or ', 'false', alias, sql)
    case 'not':
      return `not (${conditionSql(condition.of, alias, sql)})`
    case 'comparison':
      return comparisonSql(condition, alias, sql)
    case 'expression':
      return condition.of(alias, sql)
  }
}

function join(of: readonly Condition[], word: string, empty: string, alias: string, sql: SqlText): string {
  if (of.length === 0) return empty
  return of.map((condition) => `(${conditionSql(condition, alias, sql)})`).join(word)
}

function comparisonSql({ operand, operator, literals }: Comparison, alias: string, sql: SqlText): string {
  const column = operandSql(operand, alias, sql)
  const asText = operator.needs === 'text' && operand.kind.sql.text === 'cast' ? `${column}::text` : column
  return operator.sql(
    asText,
    literals.map((literal) => sql.bind(literal)),
  )
}

function operandSql({ column, part, form }: Operand, alias: string, sql: SqlText): string {
  const cell = cellSql(column, alias, sql)
  if (form === 'column') return cell
  const document = column.kind.cast === 'jsonb' ? cell : `${cell}::jsonb`
  const keys = sql.bindText(`{${part.map((key) => `"${key.replace(/["\\]/g, '\\$&')}"`).join(',')}}`, 'text[]')
  // A part that is JSON's null is NULL, as a part that is not there.
  if (form === 'json') return `nullif(${document} #> ${keys}, 'null'::jsonb)`
  const text = `${document} #>> ${keys}`
  if (form === 'json-number') {
    return `(case when jsonb_typeof(${document} #> ${keys}) = 'number' then (${text})::numeric end)`
  }
  return `(case when jsonb_typeof(${document} #> ${keys}) = 'string' then ${text} end collate "C")`
}
