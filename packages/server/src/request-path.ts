import { type Connect, type Limits, type Request, SpecError, type SubscribeRequest, type Up } from '@mqttspec/protocol'
import { Access } from './access/access.ts'
import type { Notifier } from './change/notify/notifier.ts'
import type { Database } from './db/database.ts'
import { type Result, runAggregate, runReadMany, runReadOne, runReadRank } from './db/run-read.ts'
import { parseMessage } from './decode/parse-message.ts'
import { type Read, resolveRead } from './decode/resolve-read.ts'
import { resolveSubscribe } from './decode/resolve-subscribe.ts'
import { describeEntity } from './entity/describe-entity.ts'
import type { Logger } from './logger.ts'
import { explainFailure } from './reply/explain-failure.ts'
import { errorReply, pongReply, successReply } from './reply/reply.ts'
import { type Identifier, NOBODY } from './session/identity.ts'
import type { SeenRequests } from './session/seen-requests.ts'
import type { SessionTokens } from './session/session-token.ts'
import type { Session, Sessions } from './session/sessions.ts'
import type { SubscriptionDesk } from './session/subscription-desk.ts'
import type { IncomingMessage, Transport } from './transport/transport.ts'
import { batch, type CommittedWrite, type WriteSteps, write } from './write-path.ts'

/*
 * READ FIRST: the path of a request.
 *
 *     transport ──► decode ──► query ──► db ──► reply ──► transport
 *                     │  bytes → message → checked request    ▲
 *                     └──────────── SpecError ────────────────┘
 *
 * One message, one reply, whatever fails: `answer` is the only place that responds (I1).
 */

/** What the path goes through. */
export interface RequestSteps extends WriteSteps {
  readonly transport: Transport
  readonly sessions: Sessions
  readonly identifier: Identifier
  readonly tokens: SessionTokens
  /** Behind an external broker, who sends a message has to be said in it. */
  readonly isExternal: boolean
  readonly notifier: Notifier
  readonly subscriptions: SubscriptionDesk
  readonly seen: SeenRequests
  readonly logger: Logger
}

/** A reply, and what has to wait until it is out. */
interface Outcome {
  readonly payload: string
  readonly after?: () => void
}

/** Answers one message. Never rejects. */
export async function answer(message: IncomingMessage, steps: RequestSteps): Promise<void> {
  const outcome = await outcomeOf(message, steps)
  await steps.transport.respond(message.clientId, outcome.payload)
  outcome.after?.()
}

async function outcomeOf(incoming: IncomingMessage, steps: RequestSteps): Promise<Outcome> {
  const parsed = parseMessage(incoming.payload, steps.limits)
  if ('error' in parsed) return { payload: errorReply(parsed.id, parsed.error) }
  try {
    const outcome = await act(parsed.message, incoming, steps)
    return withinLimit(outcome, parsed.id, steps.limits)
  } catch (error) {
    return { payload: errorReply(parsed.id, explainFailure(error, parsed.id, steps.registry, steps.logger)) }
  }
}

/** Does what a message asks. */
function act(message: Up, incoming: IncomingMessage, steps: RequestSteps): Outcome | Promise<Outcome> {
  switch (message.type) {
    case 'ping':
      return { payload: pongReply(message.id ?? '') }
    case 'connect':
      return connect(message, incoming.clientId, steps)
    case 'subscription':
      if (message.operation === 'subscribe') return subscribe(message, incoming.clientId, steps)
      return replyOf(message.id, {
        data: JSON.stringify({
          unsubscribed: true,
          subscription_id: steps.subscriptions.end(message, incoming.clientId).id,
        }),
      })
    case 'request':
      return request(message, incoming, steps)
  }
}

async function request(message: Request, incoming: IncomingMessage, steps: RequestSteps): Promise<Outcome> {
  const access = new Access(sessionOf(message, incoming.clientId, steps).identity.auth)
  if (message.operation === 'batch') return once(incoming, message.id, steps, () => batch(message, access, steps))
  const entity = steps.registry.find(message.entity, message.schema)
  switch (message.operation) {
    case 'read':
      return replyOf(message.id, await read(resolveRead(entity, message, { ...steps, access }), steps.database))
    case 'meta':
      return replyOf(message.id, { data: JSON.stringify(describeEntity(entity)) })
    default:
      return once(incoming, message.id, steps, () => write(entity, message, access, steps))
  }
}

/** Runs a write, or gives the reply of the first time that it came. */
async function once(
  incoming: IncomingMessage,
  id: string,
  steps: RequestSteps,
  run: () => Promise<CommittedWrite>,
): Promise<Outcome> {
  let after: (() => void) | undefined
  const payload = await steps.seen.once(incoming.clientId, id, incoming.payload, async () => {
    const { data, handOn } = await run()
    after = handOn
    return successReply(id, data)
  })
  return { payload, ...(after && { after }) }
}

/** Who sends a message: who connected under this id; behind an external broker, who the message's session says. */
function sessionOf({ session: token }: Up, clientId: string, steps: RequestSteps): Session {
  const { sessions, identifier, tokens } = steps
  if (!steps.isExternal || !identifier.asks) return sessions.find(clientId) ?? sessions.open(clientId, NOBODY)
  const identity = tokens.verify(clientId, token)
  const session = sessions.open(clientId, identity)
  if (session.identity.principal === identity.principal) return session
  throw new SpecError('unauthorized', 'This client id is another one’s.')
}

/** Finds out anew who a client is, and what of its subscriptions that leaves. */
async function connect({ id, data }: Connect, clientId: string, steps: RequestSteps): Promise<Outcome> {
  const { identifier, sessions, tokens, transport } = steps
  const password = data.password ?? data.token
  const identity = await identifier.identify({ clientId, username: data.username, password, remoteAddress: undefined })
  const session = sessions.find(clientId) ?? sessions.open(clientId, identity)
  if (session.identity !== NOBODY && session.identity.principal !== identity.principal) {
    throw new SpecError('auth_error', 'This client id is another one’s.')
  }
  sessions.identify(session, identity, () => transport.disconnect(clientId))
  const access = new Access(identity.auth)
  steps.subscriptions.reconsider(session, (asked) =>
    resolveSubscribe(steps.registry.find(asked.entity, asked.schema), asked, clientId, { ...steps, access }),
  )
  const { token, expiresAt } = tokens.issue(clientId, identity)
  return replyOf(id, { data: JSON.stringify({ session: token, expires_at: new Date(expiresAt).toISOString() }) })
}

function subscribe(message: SubscribeRequest, clientId: string, steps: RequestSteps): Outcome {
  const entity = steps.registry.find(message.entity, message.schema)
  const session = sessionOf(message, clientId, steps)
  const access = new Access(session.identity.auth)
  const wanted = resolveSubscribe(entity, message, clientId, { ...steps, access })
  const subscription = steps.subscriptions.begin(message, session, wanted)
  const { payload } = replyOf(message.id, { data: JSON.stringify(steps.subscriptions.describe(subscription)) })
  return { payload, after: () => steps.notifier.answered(subscription) }
}

function read(resolved: Read, database: Database): Promise<Result> {
  if ('aggregate' in resolved) return runAggregate(database, resolved.aggregate)
  if ('many' in resolved) return runReadMany(database, resolved.many)
  return 'one' in resolved ? runReadOne(database, resolved.one) : runReadRank(database, resolved.rank)
}

const replyOf = (id: string, { data, metadata }: Result): Outcome => ({ payload: successReply(id, data, metadata) })

function withinLimit(outcome: Outcome, id: string, { maxResponseBytes }: Limits): Outcome {
  if (outcome.payload.length * 3 <= maxResponseBytes || Buffer.byteLength(outcome.payload) <= maxResponseBytes) {
    return outcome
  }
  const error = new SpecError('payload_too_large', 'The answer is too large: ask for fewer rows or columns.')
  return { ...outcome, payload: errorReply(id, error) }
}
