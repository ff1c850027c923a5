import type { Entity } from '../entity/entity.ts'

/** A row as JSON has it, every column of the table by its wire name, hidden ones too. */
export type Row = Readonly<Record<string, unknown>>

/** Where a change stands in a durable stream. */
export interface Place {
  readonly pos: bigint
  /** The transaction that made it. */
  readonly xid: bigint
  /** The position just after it, as the wire has it. */
  readonly at: string
  /** The look at the stream in which it was found. */
  readonly look: number
}

/** One committed change of one row. A create has no old row, a delete no new one. */
export interface Change {
  readonly entity: Entity
  readonly operation: 'create' | 'update' | 'delete'
  readonly old: Row | undefined
  readonly new: Row | undefined
  /** When it happened: RFC 3339, UTC. */
  readonly timestamp: string
  readonly place?: Place
}

/** A change that was made just now. */
export function changeOf(entity: Entity, old: Row | undefined, row: Row | undefined): Change {
  const operation = !old ? 'create' : row ? 'update' : 'delete'
  return { entity, operation, old, new: row, timestamp: new Date().toISOString() }
}
