import type { Spec } from '../rows.ts'
import { wait } from '../wait.ts'

const KEEP_MS = 5 * 60_000
const EVERY_MS = 10_000
const AT_ONCE = 500

/** Deletes the readings that are older than five minutes, through the API, until the signal. */
export async function prune(spec: Spec, failed: (error: unknown) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const deleted = await pruneOnce(spec, new Date(Date.now() - KEEP_MS), signal)
      if (deleted === AT_ONCE) continue
    } catch (error) {
      if (!signal.aborted) failed(error)
    }
    await wait(EVERY_MS, signal)
  }
}

async function pruneOnce(spec: Spec, before: Date, signal: AbortSignal): Promise<number> {
  const where = { at: { lt: before } }
  const { data } = await spec.read('readings', { where, columns: ['id'], limit: AT_ONCE, signal })
  const keys = data.map((row) => row.id)
  if (keys.length > 0) await spec.delete('readings', keys, { signal })
  return data.length
}
