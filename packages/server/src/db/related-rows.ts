import { SpecError } from '@mqttspec/protocol'
import type { Row } from '../change/change.ts'
import type { Column, Entity } from '../entity/entity.ts'
import { type Condition, type Literal, NO_ROW } from '../query/condition.ts'
import { equals } from '../query/equals.ts'
import type { ChildWrite } from '../query/write.ts'
import { DatabaseError } from './database-error.ts'

/** Runs the write of one related row; whatever fails says where the row stands in the message. */
export async function at<Value>({ path }: ChildWrite, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof SpecError && !error.details?.path) {
      throw new SpecError(error.code, error.message, { ...error.details, path: [...path] }, error.cause)
    }
    if (error instanceof DatabaseError)
      throw new DatabaseError(error.message, { ...error, path: error.path ?? path }, error.cause)
    throw error
  }
}

/** The columns that these SQL names are. */
export const columnsOf = (entity: Entity, sqlNames: readonly string[]): readonly Column[] =>
  sqlNames.flatMap((sqlName) => entity.allColumns.find((column) => column.sqlName === sqlName) ?? [])

/** A cell of a row as a value to bind; NULL is null. */
export function literalOf(column: Column, value: unknown): Literal | null {
  const text = value === null || value === undefined ? undefined : column.kind.encode(value)
  return text === undefined ? null : { text, cast: column.kind.cast }
}

/** Holds for the rows whose columns equal those of this row; for none where it has NULL. */
export function linked(columns: readonly Column[], of: readonly Column[], row: Row | undefined): Condition {
  const conditions = columns.map((column, index): Condition => {
    const value = row?.[of[index]?.name ?? '']
    const literal = literalOf(column, value)
    return literal ? equals(column, value, literal.text) : NO_ROW
  })
  return { is: 'all', of: conditions }
}
