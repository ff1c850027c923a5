/** A Postgres snapshot: which transactions are seen, `xmin:xmax:in progress`. [pg_current_snapshot] */
export interface Snapshot {
  readonly xmin: bigint
  readonly xmax: bigint
  readonly inProgress: readonly bigint[]
}

/** Reads the text of `pg_snapshot`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin = '0', xmax = '0', list = ''] = text.split(':')
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), inProgress: list === '' ? [] : list.split(',').map(BigInt) }
}

/** Does the snapshot see what this transaction has committed? */
export function sees({ xmin, xmax, inProgress }: Snapshot, xid: bigint): boolean {
  return xid < xmin || (xid < xmax && !inProgress.includes(xid))
}
