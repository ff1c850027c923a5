import type { Database } from '../../db/database.ts'
import type { Entity } from '../../entity/entity.ts'
import type { Logger } from '../../logger.ts'
import type { DurableNames } from './durable-names.ts'

/** How the stream is read and kept. */
export interface ChangeStreamOptions {
  readonly database: Database
  readonly entities: readonly Entity[]
  readonly logger: Logger
  readonly durables: DurableNames
  /** Does anybody want to know of this entity's changes? Of others no row is read. */
  readonly isWatched: (entity: Entity) => boolean
  /** How often the stream is looked at for changes that nobody told of. */
  readonly pollMs: number
  /** How long changes are kept, and how many. */
  readonly maxAgeMs: number
  readonly maxChanges: number
  /** How often what is not kept is forgotten. */
  readonly pruneEveryMs: number
  /** Rows with which one subscription may begin. */
  readonly maxRows: number
}
