/** A change to a set of rows, as a subscription tells it. */
export type Change<Row> =
  | { readonly type: 'enter' | 'update'; readonly key: unknown; readonly data: Row }
  | { readonly type: 'leave'; readonly key: unknown }
  | { readonly type: 'ready' }
  | { readonly type: 'reset' }

/** A set of rows: how it is read, how its changes after a position are followed, and what names a row. */
export interface RowSet<Row> {
  read(): Promise<{ readonly data: readonly Row[]; readonly at: string }>
  changes(since: string): AsyncIterable<Change<Row>>
  keyOf(row: Row): unknown
}

/**
 * Keeps a copy of the set by key, in order of arrival: reads it, then folds every change after that read into it. When
 * the server says that it cannot tell all that was missed (`reset`), it reads anew. `show` gets the copy after the read
 * and, with the change, after each change. Ends when the subscription does; rejects when a call fails.
 */
export async function follow<Row>(
  set: RowSet<Row>,
  show: (rows: ReadonlyMap<string, Row>, change?: Change<Row>) => void,
): Promise<void> {
  for (let again = true; again; ) {
    again = false
    const page = await set.read()
    const rows = new Map(page.data.map((row) => [String(set.keyOf(row)), row]))
    show(rows)
    for await (const change of set.changes(page.at)) {
      again = change.type === 'reset'
      if (again) break
      if (fold(rows, change)) show(rows, change)
    }
  }
}

/** Applies one change to the rows; says whether there was one to apply. */
export function fold<Row>(rows: Map<string, Row>, change: Change<Row>): boolean {
  if (change.type === 'enter' || change.type === 'update') rows.set(String(change.key), change.data)
  else if (change.type === 'leave') return rows.delete(String(change.key))
  else return false
  return true
}
