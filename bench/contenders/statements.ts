import { keyOf, type Operation } from '../operations.ts'
import { NOTES, PEOPLE } from '../schema.ts'

/** A statement as one writes it by hand. */
export interface HandWritten {
  readonly text: string
  readonly params: readonly string[]
}

const COLUMNS = 'id, name, email, status, age, city, bio, score, height, active, created_at, updated_at'
const NOTE_COLUMNS = 'id, person_id, body, rank, created_at'

/** What an operation asks the database, written by hand. `n` counts requests. */
export function statementOf(operation: Operation, n: number): HandWritten {
  switch (operation) {
    case 'ping':
      return { text: 'select 1', params: [] }
    case 'key read':
      return { text: `select ${COLUMNS} from people where id = $1`, params: [String(keyOf(n, PEOPLE))] }
    case 'list of 20':
      return {
        text: `select ${COLUMNS} from people where status = $1 and age >= $2 order by created_at desc, id limit $3`,
        params: ['active', '18', '20'],
      }
    case 'list of 1,000':
      return { text: `select ${COLUMNS} from people order by id limit $1`, params: ['1000'] }
    case 'preload 20 × 5':
      return {
        text: `select ${COLUMNS}, (select json_agg(p) from (select id, person_id, title, body, likes, created_at
          from posts where person_id = t.id order by id limit $1) p) as posts from people t order by id limit $2`,
        params: ['5', '20'],
      }
    case 'insert':
      return {
        text: `insert into notes (person_id, body, rank) values ($1, $2, $3) returning ${NOTE_COLUMNS}`,
        params: ['1', `note ${n}`, String(n)],
      }
    case 'update':
      return {
        text: `update notes set rank = $1 where id = $2 returning ${NOTE_COLUMNS}`,
        params: [String(n), String(keyOf(n, NOTES))],
      }
  }
}
