import { type Connect, SpecError, type SubscribeRequest, type UnsubscribeRequest } from '@mqttspec/protocol'
import { type Asker, askerIn } from './asker.ts'
import { type Beginning, tellBeginning } from './change/notify/begin-subscription.ts'
import { decodePosition, type Position } from './change/source/position.ts'
import type { Result } from './db/run-read.ts'
import { resolveSubscribe } from './decode/resolve-subscribe.ts'
import type { RequestSteps } from './request-path.ts'
import { NOBODY } from './session/identity.ts'
import type { Session } from './session/sessions.ts'
import type { Subscription } from './session/subscription.ts'
import type { Wanted } from './session/subscription-desk.ts'

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
  sessions.identify(session, identity, () => transport.disconnect(clientId))
  await reconsider(session, steps)
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
  if ((options.since !== undefined || options.snapshot) && !steps.source.keepsHistory) throw noHistory(options)
  const since = options.since === undefined ? undefined : decodePosition(options.since)
  const { subscription, isNew } = steps.subscriptions.begin(message, asker.session, wanted)
  try {
    const beginning = await beginningOf(subscription, since, options.snapshot ?? false, steps)
    const about = { entity: wanted.entity.name, subscriptionId: subscription.id }
    await asker.hooks.run('afterSubscribe', about.entity, about)
    const at = beginning.with === 'rows' ? beginning.set.at : beginning.at
    const result = { data: JSON.stringify(steps.subscriptions.describe(subscription, subscription.from ?? at)) }
    return { result, answered: () => answered(subscription, isNew ? beginning : undefined, steps) }
  } catch (error) {
    if (isNew) steps.subscriptions.end(subscription)
    throw error
  }
}

// The subscription is in the index already: what happens from here on waits for it, and nothing falls between.
async function beginningOf(
  subscription: Subscription,
  since: Position | undefined,
  withRows: boolean,
  { source }: RequestSteps,
): Promise<Beginning> {
  if (since === undefined && withRows) return { with: 'rows', set: await source.rows(subscription) }
  if (since === undefined) return { with: 'nothing', at: await source.now() }
  const at = await source.caughtUp()
  return at ? { with: 'history', since, at } : { with: 'nothing', at }
}

function answered(subscription: Subscription, beginning: Beginning | undefined, steps: RequestSteps): void {
  steps.notifier.answered(subscription)
  if (!beginning) return
  tellBeginning(subscription, beginning, steps).catch((error: unknown) => {
    steps.logger.error({ err: error, subscription: subscription.id }, 'a subscription could not begin')
    steps.notifier.begun(subscription, undefined)
    steps.notifier.reset(subscription, 'history')
  })
}

const noHistory = (options: object) =>
  new SpecError('invalid_options', 'This server keeps no history: it runs without its change stream (install: true).', {
    path: ['options', 'since' in options ? 'since' : 'snapshot'],
  })

/** What a client may be told of what it asks. */
async function decide(message: SubscribeRequest, asker: Asker, steps: RequestSteps): Promise<Wanted> {
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
  steps.subscriptions.end(subscription)
  await asker.hooks.run('afterUnsubscribe', about.entity, about)
  return { data: JSON.stringify({ unsubscribed: true, subscription_id: subscription.id }) }
}
