import { type Connect, SpecError, type SubscribeRequest, type UnsubscribeRequest } from '@mqttspec/protocol'
import { type Asker, askerIn } from './asker.ts'
import type { Result } from './db/run-read.ts'
import { resolveSubscribe } from './decode/resolve-subscribe.ts'
import type { RequestSteps } from './request-path.ts'
import { NOBODY } from './session/identity.ts'
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
  const identity = await identifier.identify({ clientId, username: data.username, password, remoteAddress: undefined })
  const session = sessions.find(clientId) ?? sessions.open(clientId, identity)
  if (session.identity !== NOBODY && session.identity.principal !== identity.principal) {
    throw new SpecError('auth_error', 'This client id is another one’s.')
  }
  sessions.identify(session, identity, () => transport.disconnect(clientId))
  await steps.subscriptions.reconsider(session, (asked) => decide(asked, askerIn(session, steps), steps))
  const { token, expiresAt } = tokens.issue(clientId, identity)
  return { data: JSON.stringify({ session: token, expires_at: new Date(expiresAt).toISOString() }) }
}

/** Begins a subscription. What comes of changes is held until `answered`. */
export async function subscribe(
  message: SubscribeRequest,
  asker: Asker,
  steps: RequestSteps,
): Promise<{ readonly result: Result; readonly answered: () => void }> {
  const wanted = await decide(message, asker, steps)
  const subscription = steps.subscriptions.begin(message, asker.session, wanted)
  await asker.hooks.run('afterSubscribe', wanted.entity.name, {
    entity: wanted.entity.name,
    subscriptionId: subscription.id,
  })
  return {
    result: { data: JSON.stringify(steps.subscriptions.describe(subscription)) },
    answered: () => steps.notifier.answered(subscription),
  }
}

/** What a client may be told of what it asks. */
async function decide(message: SubscribeRequest, asker: Asker, steps: RequestSteps): Promise<Wanted> {
  const entity = steps.registry.find(message.entity, message.schema)
  await asker.hooks.beforeRead(entity, 'subscribe')
  return resolveSubscribe(entity, message, asker.session.clientId, { ...steps, access: asker.access })
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
