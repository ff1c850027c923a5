import type { MemoryComparison } from '../../column/column-kind.ts'
import type { Placement, Visit } from './placement.ts'

interface Node {
  readonly placement: Placement
  readonly low: unknown
  readonly high: unknown
  /** The highest `high` of this node and all below it; undefined is open. */
  highest: unknown
  readonly priority: number
  left: Node | undefined
  right: Node | undefined
}

type Order = NonNullable<MemoryComparison['order']>

/**
 * Ranges of one column, found by a value that is in them. Adding and removing one takes time with the logarithm of
 * their number, finding also with how many are found.
 *
 * A binary tree, ordered by where ranges begin, each node with the highest end below it; a heap by random priorities,
 * which keeps it about balanced whatever the order in which ranges come.
 */
export class RangeTree {
  readonly #order: Order
  readonly #random: () => number
  #root: Node | undefined

  constructor(order: Order, random: () => number = Math.random) {
    this.#order = order
    this.#random = random
  }

  get isEmpty(): boolean {
    return this.#root === undefined
  }

  add(placement: Placement): void {
    const { low, high } = placement.range ?? {}
    const priority = this.#random()
    this.#root = this.#insert(this.#root, {
      placement,
      low,
      high,
      highest: high,
      priority,
      left: undefined,
      right: undefined,
    })
  }

  remove(placement: Placement): void {
    this.#root = this.#without(this.#root, placement)
  }

  /** Visits each range that the value is in. */
  find(value: unknown, visit: Visit): void {
    this.#find(this.#root, value, visit)
  }

  #find(node: Node | undefined, value: unknown, visit: Visit): void {
    if (!node || (node.highest !== undefined && this.#order(node.highest, value) < 0)) return
    this.#find(node.left, value, visit)
    if (node.low !== undefined && this.#order(node.low, value) > 0) return
    if (node.high === undefined || this.#order(node.high, value) >= 0) visit(node.placement)
    this.#find(node.right, value, visit)
  }

  #insert(tree: Node | undefined, node: Node): Node {
    if (!tree) return node
    if (node.priority > tree.priority) {
      const [left, right] = this.#split(tree, node)
      node.left = left
      node.right = right
      return this.#updated(node)
    }
    if (this.#precedes(node.placement, tree.placement)) tree.left = this.#insert(tree.left, node)
    else tree.right = this.#insert(tree.right, node)
    return this.#updated(tree)
  }

  /** A tree as two: what precedes a node, and what does not. */
  #split(tree: Node | undefined, at: Node): readonly [Node | undefined, Node | undefined] {
    if (!tree) return [undefined, undefined]
    if (this.#precedes(tree.placement, at.placement)) {
      const [left, right] = this.#split(tree.right, at)
      tree.right = left
      return [this.#updated(tree), right]
    }
    const [left, right] = this.#split(tree.left, at)
    tree.left = right
    return [left, this.#updated(tree)]
  }

  #without(tree: Node | undefined, placement: Placement): Node | undefined {
    if (!tree) return undefined
    if (tree.placement === placement) return this.#joined(tree.left, tree.right)
    if (this.#precedes(placement, tree.placement)) tree.left = this.#without(tree.left, placement)
    else tree.right = this.#without(tree.right, placement)
    return this.#updated(tree)
  }

  #joined(left: Node | undefined, right: Node | undefined): Node | undefined {
    if (!left || !right) return left ?? right
    if (left.priority > right.priority) {
      left.right = this.#joined(left.right, right)
      return this.#updated(left)
    }
    right.left = this.#joined(left, right.left)
    return this.#updated(right)
  }

  #updated(node: Node): Node {
    let highest = node.high
    for (const child of [node.left, node.right]) {
      if (!child || highest === undefined) continue
      if (child.highest === undefined || this.#order(child.highest, highest) > 0) highest = child.highest
    }
    node.highest = highest
    return node
  }

  #precedes(one: Placement, another: Placement): boolean {
    const [left, right] = [one.range?.low, another.range?.low]
    if (left === undefined || right === undefined) {
      if (left !== right) return left === undefined
    } else {
      const order = this.#order(left, right)
      if (order !== 0) return order < 0
    }
    return one.serial < another.serial
  }
}
