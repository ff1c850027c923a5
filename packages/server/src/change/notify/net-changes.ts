import { encodeJson } from '@mqttspec/protocol'
import type { Entity } from '../../entity/entity.ts'
import type { Change, Row } from '../change.ts'
import { keyOf } from './encode-notification.ts'

/** What has become of rows: of each the first old and the last new state, however often it has changed in between. */
export class NetChanges {
  readonly #entity: Entity
  readonly #byKey = new Map<string, { readonly old: Row | undefined; last: Change; row: Row | undefined }>()

  constructor({ entity }: { readonly entity: Entity }) {
    this.#entity = entity
  }

  /** How many rows there are. */
  get size(): number {
    return this.#byKey.size
  }

  /** Takes the next change. One of a key is the end of one row and the beginning of another. */
  add(change: Change): void {
    const [was, is] = [change.old, change.new].map((row) => row && encodeJson(keyOf(this.#entity, row)))
    if (was !== undefined) this.#put(was, change, change.old, was === is ? change.new : undefined)
    if (is !== undefined && is !== was) this.#put(is, change, undefined, change.new)
  }

  /** One change of each row that is not as it was, the one that changed last at the end; none of them has a place. */
  *all(): Generator<Change> {
    for (const { old, row, last } of this.#byKey.values()) {
      if (!old && !row) continue
      const operation = !old ? 'create' : row ? 'update' : 'delete'
      const { entity, timestamp } = last
      yield { entity, operation, old, new: row, timestamp }
    }
  }

  #put(key: string, change: Change, old: Row | undefined, row: Row | undefined): void {
    const known = this.#byKey.get(key)
    this.#byKey.delete(key)
    this.#byKey.set(key, { old: known ? known.old : old, last: change, row })
  }
}
