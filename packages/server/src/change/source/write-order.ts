import type { Entity } from '../../entity/entity.ts'
import type { Write } from '../../query/write.ts'

/** One write and the entity that it is of. */
interface OrderedWrite {
  readonly entity: Entity
  readonly write: Write
}

/** A write's turn. It has to end, also when the write fails. */
export interface Turn {
  /** Resolves when the changes of the write may be handed on. */
  come(): Promise<unknown>
  readonly end: () => void
}

/**
 * Keeps the changes that a server tells itself of in the order in which they were committed.
 *
 * Answers of a pool's connections overtake each other: of 14,000 concurrent updates, 7 % were answered out of order. So
 * a write takes its rows' turns before its statement is sent, and ends them when its changes have been handed on. A
 * create does not know its key: what changes its table waits for it before handing on, never before running.
 */
export class WriteOrder {
  readonly #turns = new Map<string, Promise<void>>()
  readonly #creates = new Map<string, Set<Promise<void>>>()

  /** Waits for the turn of the rows that these writes name. */
  async take(writes: readonly OrderedWrite[]): Promise<Turn> {
    const { promise, end } = pending()
    const rows = [...new Set(writes.flatMap(rowNames))]
    // All at once, before the first wait: two writes of the same rows can never wait for each other.
    const before = rows.map((row) => {
      const turn = this.#turns.get(row)
      this.#turns.set(row, promise)
      return turn
    })
    await Promise.all(before)
    const tables = new Set(writes.map(({ entity }) => entity.tableName))
    const created = new Set(writes.flatMap(({ entity, write }) => (write.is === 'create' ? [entity.tableName] : [])))
    for (const table of created) this.#creates.set(table, (this.#creates.get(table) ?? new Set()).add(promise))
    return {
      come: async () => {
        if (created.size > 0) return
        await Promise.all([...tables].flatMap((table) => [...(this.#creates.get(table) ?? [])]))
      },
      end: () => {
        for (const row of rows) if (this.#turns.get(row) === promise) this.#turns.delete(row)
        for (const table of created) this.#createEnded(table, promise)
        end()
      },
    }
  }

  #createEnded(table: string, promise: Promise<void>): void {
    const creates = this.#creates.get(table)
    creates?.delete(promise)
    if (creates?.size === 0) this.#creates.delete(table)
  }
}

/** A text for each row that a write names by its key. */
function rowNames({ entity, write }: OrderedWrite): readonly string[] {
  const name = (key: readonly string[]) => JSON.stringify([entity.tableName, ...key])
  if (write.is === 'update') return write.updates.map(({ key }) => name(key))
  if (write.is === 'delete') return write.deletes.map(({ key }) => name(key))
  return write.create.rows.flatMap(({ values }) => {
    const key = entity.key.map((column) => values.get(column)?.text)
    return key.some((part) => part === undefined) ? [] : [name(key as string[])]
  })
}

function pending(): { promise: Promise<void>; end: () => void } {
  let end = (): void => {}
  const promise = new Promise<void>((resolve) => {
    end = resolve
  })
  return { promise, end }
}
