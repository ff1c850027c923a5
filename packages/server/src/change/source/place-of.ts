import { createHash } from 'node:crypto'
import type { Cells } from '../../db/database.ts'
import type { Position } from './position.ts'
import { parseSnapshot, type Snapshot } from './snapshot.ts'

/** A row of `WHERE_NOW` as a position. */
export function placeOf([row]: readonly Cells[]): Position & { readonly seen: Snapshot } {
  const [pos, mark, , id, seen] = row ?? []
  const epoch = createHash('sha256')
    .update(id ?? '')
    .digest('base64url')
    .slice(0, 8)
  return { epoch, pos: BigInt(pos ?? 0), mark: Number(mark ?? 0), seen: parseSnapshot(seen ?? '') }
}
