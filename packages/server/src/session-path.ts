import { type Connect, SpecError, type SubscribeRequest, type UnsubscribeRequest } from '@mqttspec/protocol'
import { type Asker, askerIn } from './asker.ts'
import { type Beginning, tellBeginning } from './change/notify/begin-subscription.ts'
import type { Claimed } from './change/source/durable-names.ts'
import { termsOf } from './change/source/durable-terms.ts'
import { decodePosition, type Position } from './change/source/position.ts'
import type { Result } from './db/run-read.ts'
import { resolveSubscribe } from './decode/resolve-subscribe.ts'
import type { RequestSteps } from './request-path.ts'
import { NOBODY } from './session/identity.ts'
import { sameRights } from './session/same-rights.ts'
import type { Session } from './session/sessions.ts'
import type { Asked, Subscription, Wanted } from './session/subscription.ts'

/*
 * The part of a request's path that only sessions and subscriptions go:
 *
 *     connect      who is it ──► session/ ──► its subscriptions are decided anew
 *     subscribe    hooks ──► decode ──► session/, change/match, change/notify ──► (reply) ──► its notifications begin
 *     unsubscribe  hooks ──► out of all three
 */

/** Finds out anew who a client is, and what of its subscriptions that leaves. Rejects with `auth_error`. */
export async function connect({ data }: Connect, clientId: string, steps: RequestSteps): Promise<Result> {
  const { identifier, sessions, tokens, transport } = steps
  const password = data.password ?? data.token
  const { username } = data
  const certificate = sessions.find(clientId)?.certificate
  const identity = await identifier.identify({ clientId, username, password, remoteAddress: undefined, certificate })
  const session = sessions.find(clientId) ?? sessions.open(clientId, identity)
  if (session.identity !== NOBODY && session.identity.principal !== identity.principal) {
    throw new SpecError('auth_error', 'This client id is another one’s.')
  }
  const isSame = sameRights(session.identity.auth, identity.auth)
  sessions.identify(session, identity, () => transport.disconnect(clientId))
  if (!isSame) await reconsider(session, steps)
  const { token, expiresAt } = tokens.issue(clientId, identity)
  return { data: JSON.stringify({ session: token, expires_at: new Date(expiresAt).toISOString() }) }
}

/** Decides a client's subscriptions by the rights that it has now. Nothing more is told by those that it had. */
export function reconsider(session: Session, steps: RequestSteps): Promise<void> {
  steps.transport.dropNotifications(session.clientId)
  return steps.subscriptions.reconsider(session, (asked) => decide(asked, askerIn(session, steps), steps))
}

/** Begins a subscription. What it is told first, and of changes after that, waits until `answered`. */
export async function subscribe(
  message: SubscribeRequest,
  asker: Asker,
  steps: RequestSteps,
): Promise<{ readonly result: Result; readonly answered: () => void }> {
  const wanted = await decide(message, asker, steps)
  const options = message.options ?? {}
  const needy = (['since', 'snapshot', 'durable'] as const).find((name) => options[name])
  if (needy && !steps.source.keepsHistory) throw noHistory(needy)
  const since = options.since === undefined ? undefined : decodePosition(options.since)
  const { subscription, isNew } = steps.subscriptions.begin(message, asker.session, wanted)
  try {
    const claimed = isNew ? await claimOf(subscription, wanted, message, asker.session, steps) : undefined
    const beginning = await beginningOf(wanted, { ...options, since }, claimed, steps)
    const about = { entity: wanted.entity.name, subscriptionId: subscription.id }
    await asker.hooks.run('afterSubscribe', about.entity, about)
    const at = 'set' in beginning ? beginning.set.at : beginning.at
    const result = { data: JSON.stringify(steps.subscriptions.describe(subscription, subscription.from ?? at)) }
    return { result, answered: () => answered(subscription, message.id, isNew ? beginning : undefined, steps) }
  } catch (error) {
    if (isNew) steps.subscriptions.end(subscription)
    throw error
  }
}

// The subscription is in the index already: what happens from here on waits for it, and nothing falls between.
async function beginningOf(
  wanted: Wanted,
  { since, snapshot }: { readonly since: Position | undefined; readonly snapshot?: boolean | undefined },
  claimed: Claimed | undefined,
  { source, limits }: RequestSteps,
): Promise<Beginning> {
  const place = since ?? claimed?.place
  if (place) {
    const at = await source.caughtUp()
    if (!at) return { with: 'nothing', at }
    if (since) claimed?.hold.isAt(since)
    const isFar = claimed !== undefined && at.pos - place.pos > BigInt(limits.maxReplayedChanges)
    return { with: isFar ? 'what has changed' : 'history', since: place, at, of: wanted }
  }
  if (claimed && !claimed.isNew) return { with: 'rows anew', set: await source.rows(wanted) }
  if (snapshot) return { with: 'rows', set: await source.rows(wanted) }
  const at = await source.now()
  if (!claimed || !at) return { with: 'nothing', at }
  claimed.hold.isAt(at)
  return { with: 'history', since: at, at, of: wanted }
}

/** Takes the name under which a subscription is to outlive its session, from whoever has it. */
async function claimOf(
  subscription: Subscription,
  wanted: Wanted,
  message: SubscribeRequest,
  { identity, subscriptions }: Session,
  { source, subscriptions: desk }: RequestSteps,
): Promise<Claimed | undefined> {
  const name = message.options?.durable
  if (name === undefined || !source.durables) return undefined
  const owner = JSON.stringify([identity.principal, subscription.clientId])
  const claimed = await source.durables.claim({ owner, name, ...termsOf(wanted, message) })
  for (const other of subscriptions.values()) if (other.durable?.name === name) desk.end(other)
  subscription.durable = claimed.hold
  return claimed
}

function answered(
  subscription: Subscription,
  request: string,
  beginning: Beginning | undefined,
  steps: RequestSteps,
): void {
  steps.notifier.answered(subscription)
  if (!beginning) return
  tellBeginning(subscription, beginning, steps).catch((error: unknown) => {
    const { id, clientId } = subscription
    const about = { clientId, request, subscription: id }
    steps.logger.error({ ...about, err: error }, 'a subscription could not begin')
    steps.notifier.begun(subscription, undefined)
    steps.notifier.reset(subscription, 'history')
  })
}

const noHistory = (option: string) =>
  new SpecError('invalid_options', 'This server keeps no history: it runs without its change stream (install: true).', {
    path: ['options', option],
  })

/** What a client may be told of what it asks. */
async function decide(message: Asked, asker: Asker, steps: RequestSteps): Promise<Wanted> {
  const entity = steps.registry.find(message.entity, message.schema)
  await asker.hooks.beforeRead(entity, 'subscribe')
  const wanted = resolveSubscribe(entity, message, asker.session.clientId, { ...steps, access: asker.access })
  return { ...wanted, settings: asker.settings }
}

/** Ends a subscription. */
export async function unsubscribe(message: UnsubscribeRequest, asker: Asker, steps: RequestSteps): Promise<Result> {
  const { clientId } = asker.session
  const subscription = steps.subscriptions.find(message, clientId)
  const about = { entity: subscription.entity.name, subscriptionId: subscription.id }
  await asker.hooks.run('beforeUnsubscribe', about.entity, about)
  await subscription.durable?.forget()
  steps.subscriptions.end(subscription)
  await asker.hooks.run('afterUnsubscribe', about.entity, about)
  return { data: JSON.stringify({ unsubscribed: true, subscription_id: subscription.id }) }
}
