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
  return positionAt(epoch, [pos, mark, seen])
}

/** The position at which a statement has read: how far the stream was, its mark there, and what was visible. */
export const positionAt = (epoch: string, [pos, mark, seen]: PlaceCells): Position & { readonly seen: Snapshot } => ({
  epoch,
  pos: BigInt(pos ?? 0),
  mark: Number(mark ?? 0),
  seen: parseSnapshot(seen ?? ''),
})

type PlaceCells = readonly (string | null | undefined)[]
