/** A write that waits for its answer, as it is kept. */
export interface KeptWrite {
  /** By which the server knows it: under the same client id it runs once, however often it is sent. */
  readonly id: string
  /** The message as it is sent. */
  readonly text: string
  /** What it is: `update users`. */
  readonly name: string
}

/** What became of a write that was kept: the `data` of its answer, or why there is none. */
export type WriteOutcome = { readonly data: unknown } | { readonly error: unknown }

/** Where writes are kept until they are answered, over the end of the process. Calls come one after the other. */
export interface WriteStorage {
  /** Every write that was kept and not removed, in the order in which they were kept. */
  load(): Promise<readonly KeptWrite[]>
  /** Keeps one; it is sent once this has resolved, and refused to its caller if it rejects. */
  keep(write: KeptWrite): Promise<void>
  /** It is over, in this way. */
  remove(write: KeptWrite, outcome: WriteOutcome): Promise<void>
}
