import { type Change, follow, type RowSet } from '../follow.ts'
import { wait } from '../wait.ts'

const AGAIN_MS = 1_000

/** Follows a set until the signal; when a call fails, says so through `failed` and, a second later, begins anew. */
export async function keepFollowing<Row>(
  set: RowSet<Row>,
  show: (rows: ReadonlyMap<string, Row>, change?: Change<Row>) => void,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow(set, (rows, change) => {
        if (!signal.aborted) show(rows, change)
      })
    } catch (error) {
      if (!signal.aborted) failed(error)
    }
    await wait(AGAIN_MS, signal)
  }
}
