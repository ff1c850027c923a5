import type { Entity } from '../../entity/entity.ts'
import type { Row } from '../change.ts'
import type { Placement, Visit } from './placement.ts'
import { RangeTree } from './range-tree.ts'

/** With fewer than this, looking at each costs less than looking one up. */
const MANY = 64

/** What stands under one key. Where there is much of it, what has a range of a column is found by that column's value. */
export class Bucket {
  readonly #entity: Entity
  readonly #plain = new Set<Placement>()
  #trees: Map<string, RangeTree> | undefined
  #size = 0

  constructor(entity: Entity) {
    this.#entity = entity
  }

  get size(): number {
    return this.#size
  }

  add(placement: Placement): void {
    this.#size++
    if (this.#trees) this.#put(placement, this.#trees)
    else if (this.#plain.add(placement).size > MANY) {
      this.#trees = new Map()
      for (const each of this.#plain) {
        if (!each.range) continue
        this.#plain.delete(each)
        this.#put(each, this.#trees)
      }
    }
  }

  remove(placement: Placement): void {
    this.#size--
    if (this.#plain.delete(placement)) return
    const column = placement.range?.column ?? ''
    const tree = this.#trees?.get(column)
    tree?.remove(placement)
    if (tree?.isEmpty) this.#trees?.delete(column)
  }

  /** Visits what one of these rows, which all have this key, may match. */
  find(rows: readonly Row[], visit: Visit): void {
    for (const placement of this.#plain) visit(placement)
    if (!this.#trees) return
    for (const [column, tree] of this.#trees) {
      const memory = this.#entity.everyColumn.get(column)?.kind.memory
      for (const cell of new Set(rows.map((row) => row[column] ?? null))) {
        // NULL is in no range.
        if (cell !== null && memory) tree.find(memory.decode(cell), visit)
      }
    }
  }

  #put(placement: Placement, trees: Map<string, RangeTree>): void {
    const column = placement.range?.column
    const order = column === undefined ? undefined : this.#entity.everyColumn.get(column)?.kind.memory?.order
    if (column === undefined || !order) {
      this.#plain.add(placement)
      return
    }
    const tree = trees.get(column) ?? new RangeTree(order)
    trees.set(column, tree)
    tree.add(placement)
  }
}
