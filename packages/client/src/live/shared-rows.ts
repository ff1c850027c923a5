type Row = Readonly<Record<string, unknown>>

/**
 * Gives rows that are as they were the objects that they had, and a list whose rows are all the same the list itself:
 * who draws them can compare by identity.
 */
export class SharedRows {
  /** A row's text, kept as long as the row: one that stays is written once. */
  readonly #texts = new WeakMap<Row, string>()

  /** The rows of `next`, with those of `before` in place of equal ones. */
  share(before: readonly Row[] | undefined, next: readonly Row[]): readonly Row[] {
    if (!before) return next
    const old = new Set(before)
    // Most are the same objects already, where only what has changed was put in.
    const known = next.every((row) => old.has(row))
      ? undefined
      : new Map(before.map((row) => [this.#textOf(row), row] as const))
    const rows = known ? next.map((row) => (old.has(row) ? row : (known.get(this.#textOf(row)) ?? row))) : next
    return rows.length === before.length && rows.every((row, index) => row === before[index]) ? before : rows
  }

  #textOf(row: Row): string {
    const text = this.#texts.get(row) ?? JSON.stringify(row)
    this.#texts.set(row, text)
    return text
  }
}
