import type { Entity } from '../../entity/entity.ts'
import type { Row } from '../change.ts'
import { Bucket } from './bucket.ts'
import type { Scalar } from './index-entries.ts'
import type { Placement, Visit } from './placement.ts'

/** What is found by the values of the same columns together; where there are no columns, all of it for every row. */
export class ColumnSet {
  /** As `columnSetName` gives it. */
  readonly name: string
  readonly #entity: Entity
  readonly #columns: readonly { readonly name: string; readonly decode: (cell: unknown) => unknown }[]
  readonly #byKey = new Map<Scalar, Placement | Bucket>()

  constructor(entity: Entity, name: string) {
    this.name = name
    this.#entity = entity
    this.#columns = (name === '' ? [] : name.split('\0')).map((column) => ({
      name: column,
      decode: decoderOf(entity, column),
    }))
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  add(placement: Placement): void {
    const there = this.#byKey.get(placement.key)
    if (!there) this.#byKey.set(placement.key, placement)
    else if (there instanceof Bucket) there.add(placement)
    else {
      const bucket = new Bucket(this.#entity)
      bucket.add(there)
      bucket.add(placement)
      this.#byKey.set(placement.key, bucket)
    }
  }

  remove(placement: Placement): void {
    const there = this.#byKey.get(placement.key)
    if (there instanceof Bucket) {
      there.remove(placement)
      if (there.size > 0) return
    }
    this.#byKey.delete(placement.key)
  }

  /** Visits what stands under the values of one of the rows. */
  find(rows: readonly Row[], visit: Visit): void {
    const [first, second] = rows
    const key = first && this.#keyIn(first)
    const other = second && this.#keyIn(second)
    if (first && key !== undefined) this.#find(key, key === other ? rows : [first], visit)
    if (second && other !== undefined && other !== key) this.#find(other, [second], visit)
  }

  #find(key: Scalar, rows: readonly Row[], visit: Visit): void {
    const there = this.#byKey.get(key)
    if (there instanceof Bucket) there.find(rows, visit)
    else if (there) visit(there)
  }

  /** The key of a row; NULL equals nothing, and has none. */
  #keyIn(row: Row): Scalar | undefined {
    const values: Scalar[] = []
    for (const { name, decode } of this.#columns) {
      const cell = row[name] ?? null
      if (cell === null) return undefined
      values.push(decode(cell) as Scalar)
    }
    return keyOfValues(values)
  }
}

/** Some columns as one name. */
export const columnSetName = (columns: readonly string[]): string => columns.join('\0')

/** The values of several columns as one. No value of Postgres has a NUL in it. */
export function keyOfValues(values: readonly Scalar[]): Scalar {
  const [only] = values
  return values.length === 1 && only !== undefined ? only : values.join('\0')
}

function decoderOf(entity: Entity, name: string): (cell: unknown) => unknown {
  const memory = entity.everyColumn.get(name)?.kind.memory
  return memory ? (cell) => memory.decode(cell) : (cell) => cell
}
