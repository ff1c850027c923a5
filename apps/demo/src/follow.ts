/** A change to a set of rows, as a subscription tells it. */
export type Change<Row> =
  | { readonly type: 'enter' | 'update'; readonly key: unknown; readonly data: Row }
  | { readonly type: 'leave'; readonly key: unknown }
  | { readonly type: 'ready' | 'reset' }

/** The changes to a set: `ready` resolves when every later change will be told. */
export interface Changes<Row> extends AsyncIterable<Change<Row>>, AsyncDisposable {
  readonly ready: Promise<void>
}

/** A set of rows: how it is read, how its changes are followed, and what names a row. */
export interface RowSet<Row> {
  changes(): Changes<Row>
  read(): Promise<{ readonly data: readonly Row[] }>
  keyOf(row: Row): unknown
}

/**
 * Keeps a copy of the set by key, in order of arrival. `show` gets the copy after it was read and, with the change,
 * after each change. Ends when the subscription does; rejects when a call fails.
 *
 * It subscribes first and reads then, so that no change falls in between. A change that the read had seen already is
 * applied once more, which does no harm: the last one of a row always comes last. After a `reset` it reads anew.
 */
export async function follow<Row>(
  set: RowSet<Row>,
  show: (rows: ReadonlyMap<string, Row>, change?: Change<Row>) => void,
): Promise<void> {
  const read = async () => new Map((await set.read()).data.map((row) => [String(set.keyOf(row)), row]))
  await using changes = set.changes()
  await changes.ready
  let rows = await read()
  show(rows)
  for await (const change of changes) {
    if (change.type === 'reset') {
      rows = await read()
      show(rows)
    } else if (fold(rows, change)) show(rows, change)
  }
}

/** Applies one change to the rows; says whether there was one to apply. */
export function fold<Row>(rows: Map<string, Row>, change: Change<Row>): boolean {
  if (change.type === 'enter' || change.type === 'update') rows.set(String(change.key), change.data)
  else if (change.type === 'leave') return rows.delete(String(change.key))
  else return false
  return true
}
