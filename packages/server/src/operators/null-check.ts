import type { Operator } from './operator.ts'

/** `is_null` and `is_not_null`: the only ones that a NULL cell answers with true or false. */
export const nullChecks: readonly Operator[] = [
  {
    name: 'is_null',
    spellings: ['isnull', 'null', 'empty', 'is null'],
    takes: 'nothing',
    needs: 'nothing',
    sql: (column) => `${column} is null`,
    wanted: () => undefined,
    test: () => (cell) => cell === null,
  },
  {
    name: 'is_not_null',
    spellings: ['isnotnull', 'notnull', 'not_null', 'notempty', 'not_empty', 'is not null'],
    takes: 'nothing',
    needs: 'nothing',
    sql: (column) => `${column} is not null`,
    wanted: () => undefined,
    test: () => (cell) => cell !== null,
  },
]
