/** Who connects; asked for anew at each attempt. */
export interface Credentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** What a link tells. None of these may throw. */
export interface LinkReceiver {
  /** `retained`: it was said before this link was there. */
  message(topic: string, payload: Uint8Array, retained: boolean): void
  /** The link is gone, and says no more. Not called after `close`. */
  lost(cause: unknown): void
}

/** One connection to the broker, subscribed to this client's topics. It is used once: a lost one is not mended. */
export interface Link {
  /** Hands a message to the broker. What was on its way when the link is lost may or may not have arrived. */
  publish(text: string): void
  /** Says goodbye and lets go of the socket, within a second. */
  close(): Promise<void>
}

/**
 * Bytes in, bytes out: the seam behind which MQTT is spoken.
 *
 * - `open` MUST have subscribed to the response topic and to the notify topics before it resolves.
 * - A link SHOULD hear the status topics of servers too, where the broker lets it.
 * - A link MUST NOT send anything again by itself, on this connection or another: requests are sent again by id, above.
 * - `open` rejects with a `SpecError`: `auth_error` or `forbidden` when the broker refused, else `unavailable`. When
 *   `signal` aborts, it lets go of the socket and rejects.
 */
export interface Transport {
  open(credentials: Credentials, receiver: LinkReceiver, signal: AbortSignal): Promise<Link>
}
