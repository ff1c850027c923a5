import { SpecError } from '@mqttspec/protocol'
import type { Place } from '../change.ts'
import { type Snapshot, sees } from './snapshot.ts'

/**
 * A place in the change stream: after the change with position `pos`, in a batch that bears `mark`, and, where a read or a subscription began
 * between two batches, also after every later change of a transaction that `seen` sees.
 */
export interface Position {
  readonly epoch: string
  readonly pos: bigint
  readonly mark: number
  readonly seen: Snapshot | undefined
  /** In this process only: how many looks at the stream had begun by then. */
  readonly look?: number
}

/** Bytes that a position has at most on the wire. */
const MAX_BYTES = 128
const FORM =
  /^([A-Za-z0-9_-]{8})\.([0-9a-z]{1,13})\.([0-9a-z]{1,6})(?:\.([0-9a-z]{1,13})\.([0-9a-z]{1,13})((?:\.[0-9a-z]{1,13})*))?$/

/** A position as the wire has it: opaque to clients, at most 128 bytes. */
export function encodePosition({ epoch, pos, mark, seen }: Position): string {
  const head = `${epoch}.${pos.toString(36)}.${mark.toString(36)}`
  if (!seen) return head
  const offsets = [seen.xmax, ...seen.inProgress].map((xid) => (xid - seen.xmin).toString(36))
  const whole = [head, seen.xmin.toString(36), ...offsets].join('.')
  // With more writers at once than there is room for, what they have committed may come once more: never less.
  return whole.length <= MAX_BYTES
    ? whole
    : encodePosition({ epoch, pos, mark, seen: { ...seen, xmax: seen.xmin, inProgress: [] } })
}

/** Reads a position. Throws `cursor_error` for what is none. */
export function decodePosition(text: string): Position {
  const match = text.length <= MAX_BYTES ? FORM.exec(text) : null
  const [, epoch, pos, mark, xmin, xmax, list] = match ?? []
  if (epoch === undefined || pos === undefined || mark === undefined) {
    throw new SpecError(
      'cursor_error',
      'This is no position of a change stream; use the "at" of an answer or an event.',
      {
        path: ['options', 'since'],
      },
    )
  }
  const head = { epoch, pos: fromBase36(pos), mark: Number.parseInt(mark, 36) }
  if (xmin === undefined || xmax === undefined) return { ...head, seen: undefined }
  const base = fromBase36(xmin)
  const inProgress = (list ?? '')
    .split('.')
    .filter(Boolean)
    .map((offset) => base + fromBase36(offset))
  return { ...head, seen: { xmin: base, xmax: base + fromBase36(xmax), inProgress } }
}

function fromBase36(text: string): bigint {
  let value = 0n
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36))
  return value
}

/**
 * The position after a change, for one who has come from another position. That one may have seen changes that have a
 * later position than this one: they stay seen, until a look that began after it has given positions to all that it saw.
 */
export function positionAfter(from: Position | undefined, place: Place): string {
  if (!from?.seen || (from.look !== undefined && place.look > from.look + 1)) return place.at
  return encodePosition({ ...decodePosition(place.at), seen: from.seen })
}

/** Does a change come after this position? */
export const isAfter = ({ pos, seen }: Position, change: { readonly pos: bigint; readonly xid: bigint }): boolean =>
  change.pos > pos && !(seen && sees(seen, change.xid))
