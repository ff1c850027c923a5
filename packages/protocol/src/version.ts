/**
 * The protocol version that this package speaks; a message may name it as `v`, and means 1 when it does not.
 *
 * History: add a line for each bump, and keep what is older readable.
 * - 1: the first version.
 */
export const PROTOCOL_VERSION = 1

/** Every version that a server built from this package answers. */
export const SUPPORTED_VERSIONS: readonly number[] = [1]
