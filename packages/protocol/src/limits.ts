/**
 * Every number that both sides must agree on, with the defaults of the server. All are configurable there; a client
 * checks what it can before it sends.
 */
export const DEFAULT_LIMITS = {
  /** Bytes of one message from a client. */
  maxRequestBytes: 256 * 1024,
  /** Bytes of one message from the server. */
  maxResponseBytes: 4 * 1024 * 1024,
  /** Bytes of a request's `id`, in UTF-8. */
  maxIdBytes: 128,
  /** How deep JSON may nest. */
  maxJsonDepth: 32,
  /** Objects, arrays and scalars in one message. */
  maxJsonNodes: 5_000,
  /** How deep filters may nest. */
  maxFilterDepth: 5,
  /** Conditions and groups in one filter. */
  maxFilterNodes: 50,
  /** Values in one list of `in` and `not_in`. */
  maxListValues: 1_000,
  /** Characters of a pattern of `like`, `contains` and their like. */
  maxPatternLength: 256,
  /** Rows of a page that names no limit. */
  defaultLimit: 100,
  /** Rows of a page at most; a larger limit is lowered, and `metadata.limit` says so. */
  maxLimit: 1_000,
  /** The largest offset. */
  maxOffset: 1_000_000_000,
  /** How deep `preload` may nest. */
  maxPreloadDepth: 3,
  /** Rows in one create, update or delete of many, and operations in one batch. */
  maxWriteRows: 1_000,
  /** Subscriptions of one client at once. */
  maxSubscriptionsPerClient: 50,
  /** Subscriptions on one server at once. */
  maxSubscriptions: 200_000,
  /** Messages of one client that a server works on at once, or whose replies it holds; what is over that waits. */
  maxInFlightPerClient: 32,
  /** Messages of all clients that a server works on at once; what is over that waits. */
  maxInFlight: 1_000,
  /** Messages of one client that wait. */
  maxQueuedPerClient: 1_000,
  /** Messages of all clients that wait. */
  maxQueued: 10_000,
  /** Bytes of what of one client waits. */
  maxQueuedBytesPerClient: 4 * 1024 * 1024,
  /** Bytes of all that waits. */
  maxQueuedBytes: 64 * 1024 * 1024,
  /** Messages of one client a second, in the long run. */
  maxRequestsPerSecond: 1_000,
  /** Messages of one client at once, after it was quiet for a while. */
  maxRequestBurst: 2_000,
  /** How long a statement may run; Postgres cancels it then. On PGlite, which cannot, its asker is told. */
  maxStatementMs: 5_000,
  /** How long a statement may wait for a row that another transaction holds. */
  maxLockMs: 2_000,
  /** How long a transaction may do nothing. */
  maxIdleTransactionMs: 10_000,
  /** How long a client waits for a reply; what it asked for may still come about after that. */
  maxRequestMs: 15_000,
  /** Failed logins of one address, or of one user name, in a minute, before their refusals take longer. */
  maxFailedLogins: 10,
  /** How long the refusal of a login takes at most, where many failed before it. */
  maxLoginDelayMs: 4_000,
  /** How long changes are kept, so that who was away can be told of them. */
  maxChangeAgeMs: 24 * 60 * 60 * 1_000,
  /** Changes that are kept at most. */
  maxChanges: 1_000_000,
  /** Rows with which one subscription may begin. */
  maxSnapshotRows: 50_000,
  /** Changes that a durable subscription is told one by one when it comes back; with more, what they have come to. */
  maxReplayedChanges: 10_000,
  /** How long a durable subscription is kept to which nobody comes back. */
  maxDurableAgeMs: 7 * 24 * 60 * 60 * 1_000,
} as const

/** The limits, once a server was told otherwise or not. */
export type Limits = { readonly [Name in keyof typeof DEFAULT_LIMITS]: number }
