/**
 * A live subscription: an async iterator of its events, for one reader.
 *
 * It ends by `break`, `close()`, `await using`, its signal (whose reason is thrown), or the end of the client; with an
 * error when the server refuses it (as `ready` does), or with `overflow` when it is read too slowly, after the events
 * that were there. A lost connection does not end it: it is asked for anew, and a `reset` event says so.
 */
export interface Subscription<Event> extends AsyncIterableIterator<Event, undefined, undefined>, AsyncDisposable {
  /** Resolves when the server has agreed: from then on every change is told. */
  readonly ready: Promise<void>
  next(): Promise<IteratorResult<Event, undefined>>
  return(): Promise<IteratorResult<Event, undefined>>
  [Symbol.asyncIterator](): this
  /** Ends it, here at once, and resolves when the server has too. */
  close(): Promise<void>
  /** The same as `close`. */
  unsubscribe(): Promise<void>
}
