import type { Entity } from '../entity/entity.ts'

/** A row as JSON has it, every column of the table by its wire name, hidden ones too. */
export type Row = Readonly<Record<string, unknown>>

/** One committed change of one row. A create has no old row, a delete no new one. */
export interface Change {
  readonly entity: Entity
  readonly operation: 'create' | 'update' | 'delete'
  readonly old: Row | undefined
  readonly new: Row | undefined
  /** When it was read from the source: RFC 3339, UTC. */
  readonly timestamp: string
}

/** A change that was made just now. */
export function changeOf(entity: Entity, old: Row | undefined, row: Row | undefined): Change {
  const operation = !old ? 'create' : row ? 'update' : 'delete'
  return { entity, operation, old, new: row, timestamp: new Date().toISOString() }
}
