/**
 * The rows of a read, kept as they are now: an async iterator, for one reader, of the whole list each time it changes.
 *
 * A reader that is slow gets the newest list, and none of those in between. Rows that have not changed are the objects
 * that they were, in a list of its own each time. It ends by `break`, `close()`, `await using`, its signal (whose reason
 * is thrown), or the end of the client; with an error when the server refuses it. A lost connection does not end it.
 */
export interface Live<Row> extends AsyncIterableIterator<readonly Row[], undefined, undefined>, AsyncDisposable {
  /** The rows as they are known now; undefined until they were read. */
  readonly rows: readonly Row[] | undefined
  /** Resolves when the rows are there. */
  readonly ready: Promise<void>
  next(): Promise<IteratorResult<readonly Row[], undefined>>
  return(): Promise<IteratorResult<readonly Row[], undefined>>
  [Symbol.asyncIterator](): this
  /** Ends it, here at once; resolves when what it subscribed to has ended at the server too, if nobody else reads it. */
  close(): Promise<void>
}
