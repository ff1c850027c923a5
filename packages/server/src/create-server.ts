import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Limits } from '@mqttspec/protocol'
import { warnOfPolicies } from './access/check-settings.ts'
import { askerIn, type HookSteps } from './asker.ts'
import type { Row } from './change/change.ts'
import { RowTests } from './change/match/row-tests.ts'
import { SubscriptionIndex } from './change/match/subscription-index.ts'
import type { Shown } from './change/notify/encode-notification.ts'
import { Notifier } from './change/notify/notifier.ts'
import { openSource } from './change/source/open-source.ts'
import type { StreamStatus } from './change/source/stream-status.ts'
import { ChangePath } from './change-path.ts'
import { type BindDrizzle, bindDrizzle as prepareDrizzle } from './db/bound-drizzle.ts'
import type { Database } from './db/database.ts'
import { openDatabase } from './db/open-database.ts'
import { OverheardDatabase } from './db/overheard-database.ts'
import { Admission } from './decode/admission.ts'
import type { SchemaSource } from './entity/check-declaration.ts'
import type { Entity } from './entity/entity.ts'
import type { EntityDeclaration } from './entity/entity-options.ts'
import { prepareTables } from './entity/prepare-tables.ts'
import type { Health } from './health/health.ts'
import { Operations } from './health/operations.ts'
import type { ServerDatabase } from './hooks/hook-context.ts'
import { Hooks, type Registered } from './hooks/hooks.ts'
import { InFlight } from './lifecycle.ts'
import { type CheckedOptions, checkOptions, type ListenOptions } from './listen-options.ts'
import { receiver } from './receive.ts'
import { Identifier, type IdentifierOptions } from './session/identity.ts'
import { IdentityAttempts } from './session/identity-attempts.ts'
import { PendingReplies } from './session/pending-replies.ts'
import { SeenRequests } from './session/seen-requests.ts'
import { SessionTokens } from './session/session-token.ts'
import { type Session, Sessions } from './session/sessions.ts'
import type { Subscription } from './session/subscription.ts'
import { SubscriptionDesk } from './session/subscription-desk.ts'
import { createTransport } from './transport/create-transport.ts'
import type { Transport, TransportAddresses } from './transport/transport.ts'

/** How long `authenticate` may take. */
const AUTHENTICATE_MS = 4_000

/** How long one hook may take. */
const HOOK_MS = 5_000

/** How often the change stream is looked at for what others have written. */
const POLL_MS = 1_000

/** Connections of the server itself, for the change stream and its health, besides those that requests share. */
const OWN_CONNECTIONS = 3

/** How long `close` waits for the requests that run. */
const DRAIN_MS = 10_000

/** How a spec finds out who clients are, and what it does about what they ask. */
export interface SpecRules extends Omit<IdentifierOptions, 'timeoutMs' | 'attempts'> {
  readonly hooks: readonly Registered[]
  /** The settings of Postgres that the statements of a client run under. */
  readonly session: ((auth: never) => unknown) | undefined
}

/** What the client's `connect` takes in place of a URL. */
export interface InProcessServer {
  readonly topicPrefix: string
  /** A new stream of MQTT to the server. */
  open(): Duplex
}

/** A server that runs. */
export interface Server<Schema = unknown, Auth = unknown> extends AsyncDisposable {
  /** Where the embedded broker can be reached; empty behind an external one. */
  readonly addresses: TransportAddresses & { readonly http?: { readonly host: string; readonly port: number } }
  /** Drizzle with the spec's schema over the server's own connections. It is under no scope, and runs no hook. */
  readonly db: ServerDatabase<Schema>
  /**
   * A way to this server for a client in this very process, without a network, and without having to prove who it is:
   * `connect<typeof api>(server.inProcess(auth))`. Rules and hooks hold as for any other. It takes the embedded broker,
   * which may listen nowhere.
   */
  inProcess(auth: undefined extends Auth ? unknown : Auth): InProcessServer
  /** How it is, the database asked. Never rejects. */
  health(): Promise<Health>
  /** How its change stream is, the database asked; undefined where it is not set up. Rejects when the database is away. */
  stream(): Promise<StreamStatus | undefined>
  /** Its figures, in the text format of Prometheus. */
  metrics(): string
  /** Finishes what runs, says goodbye and closes everything. Calling it again is fine. */
  close(): Promise<void>
}

/** Makes a server of its parts and starts it: the only file that knows every part. */
export async function createServer(
  source: SchemaSource & SpecRules,
  declarations: readonly EntityDeclaration[],
  listenOptions: ListenOptions,
): Promise<Server> {
  const options = checkOptions(listenOptions, source.authenticate !== undefined)
  const { logger, limits } = options
  const settings = {
    logger,
    statementTimeoutMs: limits.maxStatementMs,
    lockTimeoutMs: limits.maxLockMs,
    idleInTransactionTimeoutMs: limits.maxIdleTransactionMs,
  }
  const database = await openDatabase(options.database, settings)
  // What clients ask may take every connection for as long as a statement may run: others are told of changes meanwhile.
  const own = { ...settings, maxConnections: OWN_CONNECTIONS }
  const ownDatabase = database.kind === 'pglite' ? database : await openDatabase(options.database, own)
  try {
    const registry = await prepareTables(database, source, declarations, options)
    const transport = createTransport(options)
    return await start(database, ownDatabase, transport, registry, options, source)
  } catch (error) {
    await Promise.all([ownDatabase.close(), database.close()])
    throw error
  }
}

async function start(
  database: Database,
  ownDatabase: Database,
  transport: Transport,
  registry: Awaited<ReturnType<typeof prepareTables>>,
  { limits, topicPrefix, logger, broker, install, http, signals, metrics }: CheckedOptions,
  rules: SchemaSource & SpecRules,
): Promise<Server> {
  const sessions = new Sessions()
  const attempts = new IdentityAttempts({ free: limits.maxFailedLogins, maxDelayMs: limits.maxLoginDelayMs })
  const identifier = new Identifier({ ...rules, timeoutMs: AUTHENTICATE_MS, attempts })
  const index = new SubscriptionIndex()
  const notifier = new Notifier(transport)
  const { source, order } = await openSource(ownDatabase, [...registry.all()], {
    install,
    logger,
    isWatched: (entity) => index.has(entity),
    pollMs: POLL_MS,
    maxAgeMs: limits.maxChangeAgeMs,
    maxChanges: limits.maxChanges,
    maxRows: limits.maxSnapshotRows,
    maxDurableAgeMs: limits.maxDurableAgeMs,
    maxNames: limits.maxSubscriptionsPerClient,
  })
  const subscriptions = new SubscriptionDesk({ sessions, index, notifier, limits, topicPrefix })
  const inFlight = new InFlight()
  const pending = new PendingReplies()
  const hooks = new Hooks(rules.hooks, HOOK_MS, logger)
  const bind = prepareDrizzle(rules.schema, rules.casing)
  // What the user's own code writes through the server is told as soon as what clients write.
  const bindDrizzle: BindDrizzle = (runner) =>
    bind('transaction' in runner ? new OverheardDatabase(runner, () => source.stirred()) : runner)
  const steps = {
    transport,
    sessions,
    identifier,
    hooks,
    tokens: new SessionTokens(randomBytes(32)),
    isExternal: broker !== undefined && 'url' in broker,
    registry,
    database,
    deadlineMs: deadlineOf(database, limits),
    bindDrizzle,
    settingsOf: rules.session,
    limits,
    notifier,
    subscriptions,
    tests: new RowTests(),
    logger,
    source,
    order,
    pending,
    seen: new SeenRequests(),
    mask: (shown: Shown, { entity, clientId }: Subscription) => mask(shown, entity, sessions.find(clientId), steps),
  }
  if (rules.session) warnOfPolicies(registry.all(), logger)
  const path = new ChangePath({
    index,
    notifier,
    logger,
    pendingReplies: (clientId) => pending.of(clientId),
    isMasked: ({ entity }) => hooks.has(entity.name, 'afterRead'),
    mask: steps.mask,
  })
  await source.start({
    changed: (changes) => path.tell(changes),
    lost: (...lost) => path.afterwards(() => subscriptions.resetEntity(...lost)),
  })
  const admission = new Admission(limits)
  const operations = new Operations({
    database: ownDatabase,
    admission,
    sessions,
    subscriptions: index,
    stream: source.keepsHistory ? () => source.lastStatus : undefined,
    broker: steps.isExternal ? 'external' : 'embedded',
    logger,
    isOpen: () => inFlight.open,
  })
  const addresses = await transport.start(receiver(steps, inFlight, admission, operations.metrics))
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      const left = await inFlight.drain(DRAIN_MS)
      if (left > 0) logger.warn({ requests: left }, 'closed before every request had ended')
      attempts.stop()
      await source.stop()
      await path.told()
      path.stop()
      await transport.stop()
      await source.durables?.stop()
      notifier.stop()
      sessions.stop()
      await Promise.all([ownDatabase.close(), database.close()])
      await operations.stop()
    })()
    return closing
  }
  try {
    await operations.start({ http, signals, metrics }, close)
  } catch (error) {
    await close()
    throw error
  }
  return {
    addresses: { ...addresses, ...(operations.address && { http: operations.address }) },
    db: bindDrizzle(database) as unknown as Server['db'],
    inProcess: (auth) => ({ topicPrefix, open: () => transport.openInProcess({ auth }) }),
    health: () => operations.health(),
    metrics: () => operations.metrics.text(),
    stream: () => source.status(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** PGlite cannot end a statement: there the asker is told when Postgres would have ended it. */
function deadlineOf({ kind }: Database, { maxRequestMs, maxStatementMs }: Limits): number {
  return kind === 'pglite' && maxStatementMs > 0 ? Math.min(maxStatementMs, maxRequestMs) : maxRequestMs
}

/** What the hooks of reads leave of a change that a client is told. */
async function mask(
  { data, previous }: Shown,
  entity: Entity,
  session: Session | undefined,
  steps: HookSteps,
): Promise<Shown> {
  if (!session) return { data, previous }
  const { hooks } = askerIn(session, steps)
  const show = async (row: Row) => (await hooks.afterReadRow(entity, row, 'subscription')) as Row
  return { data: await show(data), previous: previous && (await show(previous)) }
}
