import { NOTES, PEOPLE } from './schema.ts'

/** What a contender is asked to do, over and over. */
export type Operation = 'ping' | 'key read' | 'list of 20' | 'list of 1,000' | 'preload 20 × 5' | 'insert' | 'update'

const LIST = {
  filters: [
    { column: 'status', operator: 'eq', value: 'active' },
    { column: 'age', operator: 'gte', value: 18 },
  ],
  sort: [{ column: 'createdAt', direction: 'desc' }],
  limit: 20,
  total: false,
}

const PRELOAD = {
  sort: [{ column: 'id', direction: 'asc' }],
  limit: 20,
  total: false,
  preload: [{ relation: 'posts', sort: [{ column: 'id', direction: 'asc' }], limit: 5 }],
}

const THOUSAND = { sort: [{ column: 'id', direction: 'asc' }], limit: 1_000, total: false }

/** The message that asks for an operation, as it goes over the wire. `n` counts requests. */
export function messageOf(operation: Operation, n: number, client: string): string {
  // Long enough that a write is remembered as one, as those of the SDK are.
  const id = `${client}-${String(n).padStart(12, '0')}`
  const request = (of: object): string => JSON.stringify({ id, type: 'request', ...of })
  switch (operation) {
    case 'ping':
      return JSON.stringify({ id, type: 'ping' })
    case 'key read':
      return request({ operation: 'read', entity: 'people', record_id: keyOf(n, PEOPLE) })
    case 'list of 20':
      return request({ operation: 'read', entity: 'people', options: LIST })
    case 'list of 1,000':
      return request({ operation: 'read', entity: 'people', options: THOUSAND })
    case 'preload 20 × 5':
      return request({ operation: 'read', entity: 'people', options: PRELOAD })
    case 'insert':
      return request({ operation: 'create', entity: 'notes', data: { personId: 1, body: `note ${n}`, rank: n } })
    case 'update':
      return request({ operation: 'update', entity: 'notes', record_id: keyOf(n, NOTES), data: { rank: n } })
  }
}

/** A key of a table of `rows` rows, another one each time. */
export const keyOf = (n: number, rows: number): number => ((n * 7_919) % rows) + 1
