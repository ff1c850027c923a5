import { type AnyErrorCode, type Limits, type Request, SpecError, type Up } from '@mqttspec/protocol'
import { type Asker, askerOf, stepsOf } from './asker.ts'
import type { RowTests } from './change/match/row-tests.ts'
import type { Shown } from './change/notify/encode-notification.ts'
import type { Notifier } from './change/notify/notifier.ts'
import { answerTooLarge, type Result, runAggregate, runReadMany, runReadOne, runReadRank } from './db/run-read.ts'
import { type ParsedMessage, parseMessage } from './decode/parse-message.ts'
import { type Read, resolveRead } from './decode/resolve-read.ts'
import { describeEntity } from './entity/describe-entity.ts'
import type { Entity } from './entity/entity.ts'
import type { Hooks } from './hooks/hooks.ts'
import type { LoggedRequest } from './query/request-log.ts'
import { wholeText } from './query/separated-rows.ts'
import { explainFailure } from './reply/explain-failure.ts'
import { errorReply, pongReply, successReply } from './reply/reply.ts'
import type { Identifier } from './session/identity.ts'
import type { PendingReplies } from './session/pending-replies.ts'
import { hashOf, isLongId, type SeenRequests } from './session/seen-requests.ts'
import type { SessionTokens } from './session/session-token.ts'
import type { Sessions } from './session/sessions.ts'
import type { Subscription } from './session/subscription.ts'
import type { SubscriptionDesk } from './session/subscription-desk.ts'
import { connect, subscribe, unsubscribe } from './session-path.ts'
import { bytesOf, type IncomingMessage, type Payload, type Transport } from './transport/transport.ts'
import { batch, type CommittedWrite, type WriteSteps, write } from './write-path.ts'

/*
 * READ FIRST: the path of a request.
 *
 *     transport ──► decode ──► who asks ──► hooks ──► query ──► db ──► hooks ──► reply ──► transport
 *                     │  bytes → message    session/    checked request    rows     ▲
 *                     └───────────────────────────── SpecError ────────────────────┘
 *
 * One message, one reply, whatever fails: `answer` is the only place that responds (I1). What only writes go through
 * is in write-path.ts, what only sessions and subscriptions go through in session-path.ts.
 */

/** What the path goes through. */
export interface RequestSteps extends WriteSteps {
  readonly transport: Transport
  /** How long a client waits for a reply. */
  readonly deadlineMs: number
  readonly sessions: Sessions
  readonly identifier: Identifier
  readonly tokens: SessionTokens
  /** Behind an external broker, who sends a message has to be said in it. */
  readonly isExternal: boolean
  readonly hooks: Hooks
  readonly notifier: Notifier
  /** What hooks leave of what a subscription is shown. */
  mask(shown: Shown, subscription: Subscription): Promise<Shown>
  readonly pending: PendingReplies
  readonly subscriptions: SubscriptionDesk
  /** What a condition means to a row in memory. */
  readonly tests: RowTests
  readonly seen: SeenRequests
}

/** A reply, and what has to wait until it is out. */
export interface Outcome {
  readonly payload: Payload
  readonly after?: () => void
  /** The code of the error, if it is one. */
  readonly code?: AnyErrorCode
}

/** Answers one message. Never rejects. `worked` is called when all that is left is to bring the reply to the client. */
export async function answer(
  message: IncomingMessage,
  steps: RequestSteps,
  worked: (code: AnyErrorCode | 'ok') => void,
): Promise<void> {
  const parsed = parseMessage(message.payload, steps.limits)
  const working = outcomeOf(parsed, message, steps).then((outcome) => {
    worked(outcome.code ?? 'ok')
    return outcome
  })
  const inTime = await within(steps.deadlineMs, working)
  const { payload } = inTime ?? failure(parsed.id, tooLate())
  await steps.transport.respond(message.clientId, payload)
  // What comes too late for its reply happens all the same, with all that follows from it.
  const { after } = await working
  after?.()
}

const tooLate = (): SpecError =>
  new SpecError('timeout', 'It took too long, and may still come about; a write can be sent again with the same id.')

/** What `work`, which never rejects, comes to, or undefined when it takes longer. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined)
  })
  const first = await Promise.race([work, late])
  clearTimeout(timer)
  return first
}

async function outcomeOf(parsed: ParsedMessage, incoming: IncomingMessage, steps: RequestSteps): Promise<Outcome> {
  if ('error' in parsed) return failure(parsed.id, parsed.error)
  try {
    const outcome = await act(parsed.message, incoming, steps)
    return withinLimit(outcome, parsed.id, steps.limits)
  } catch (error) {
    const failed = { clientId: incoming.clientId, request: parsed.id }
    return failure(parsed.id, explainFailure(error, failed, steps.registry, steps.logger))
  }
}

const failure = (id: string, error: SpecError): Outcome => ({ payload: errorReply(id, error), code: error.code })

/** Does what a message asks. */
async function act(message: Up, incoming: IncomingMessage, steps: RequestSteps): Promise<Outcome> {
  if (message.type === 'ping') return { payload: pongReply(message.id ?? '') }
  if (message.type === 'connect') return replyOf(message.id, await connect(message, incoming.clientId, steps))
  const asker = askerOf(message, incoming.clientId, steps)
  const { operation } = message
  await asker.hooks.run('beforeHandle', undefined, {
    operation,
    entity: 'entity' in message ? message.entity : undefined,
  })
  if (message.type === 'request') return request(message, incoming, asker, stepsOf(asker, steps))
  if (message.operation === 'unsubscribe') return replyOf(message.id, await unsubscribe(message, asker, steps))
  const { result, answered } = await subscribe(message, asker, steps)
  return { ...replyOf(message.id, result), after: answered }
}

async function request(
  message: Request,
  incoming: IncomingMessage,
  asker: Asker,
  steps: RequestSteps,
): Promise<Outcome> {
  if (message.operation === 'batch')
    return once(incoming, message, steps, (logged) => batch(message, asker, logged, steps))
  const entity = steps.registry.find(message.entity, message.schema)
  switch (message.operation) {
    case 'read': {
      await asker.hooks.beforeReadTree(entity, message.options?.preload)
      const resolved = resolveRead(entity, message, { ...steps, access: asker.access })
      return replyOf(message.id, await read(resolved, entity, asker, steps))
    }
    case 'meta':
      asker.access.check(entity, 'read')
      return replyOf(message.id, { data: JSON.stringify(describeEntity(entity, steps.registry)) })
    default:
      return once(incoming, message, steps, (logged) => write(entity, message, asker, logged, steps))
  }
}

async function read(resolved: Read, entity: Entity, { hooks }: Asker, steps: RequestSteps): Promise<Result> {
  // Figures are of no row: there is nothing in them that a hook of rows could mask.
  if ('aggregate' in resolved) return runAggregate(steps.database, resolved.aggregate)
  // What hooks make smaller may be of any size before.
  const mostBytes = hooks.mask ? undefined : steps.limits.maxResponseBytes
  const result = await readRows(resolved, mostBytes, steps)
  return hooks.mask ? { ...result, data: await hooks.afterRead(entity, wholeText(result.data), 'read') } : result
}

function readRows(
  resolved: Exclude<Read, { aggregate: unknown }>,
  mostBytes: number | undefined,
  { database, source: { place } }: RequestSteps,
): Promise<Result> {
  if ('many' in resolved) return runReadMany(database, resolved.many, { place, mostBytes })
  if ('one' in resolved) return runReadOne(database, resolved.one, { place, mostBytes })
  return runReadRank(database, resolved.rank)
}

/** Runs a write, or gives the reply of the first time that it came. */
async function once(
  { clientId, payload }: IncomingMessage,
  { id, session }: Request,
  steps: RequestSteps,
  run: (logged: LoggedRequest | undefined) => Promise<CommittedWrite>,
): Promise<Outcome> {
  const replied = steps.pending.begin(clientId)
  const hash = hashOf(payload, session)
  const repliedAt = new Date().toISOString()
  const logged = steps.source.keepsHistory && isLongId(id) ? { clientId, id, hash, repliedAt } : undefined
  let afterCommit: (() => void) | undefined
  try {
    const reply = await steps.seen.once(clientId, id, hash, async () => {
      const written = await run(logged)
      afterCommit = written.afterCommit
      return successReply(id, written.data, undefined, written.repliedAt ?? repliedAt)
    })
    const after = () => {
      replied()
      afterCommit?.()
    }
    return { payload: reply, after }
  } catch (error) {
    replied()
    throw error
  }
}

const replyOf = (id: string, { data, metadata }: Result): Outcome => ({ payload: successReply(id, data, metadata) })

function withinLimit(outcome: Outcome, id: string, { maxResponseBytes }: Limits): Outcome {
  const { payload } = outcome
  if (typeof payload === 'string' && payload.length * 3 <= maxResponseBytes) return outcome
  if (bytesOf(payload) <= maxResponseBytes) return outcome
  return { ...outcome, ...failure(id, answerTooLarge()) }
}
