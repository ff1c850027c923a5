import { isSpecError, SpecError } from '@mqttspec/protocol'
import { askerIn, meansOf } from './asker.ts'
import type { ClientCertificate } from './client-certificate.ts'
import type { Admission } from './decode/admission.ts'
import { parseMessage } from './decode/parse-message.ts'
import type { HookName } from './hooks/hook-context.ts'
import type { InFlight } from './lifecycle.ts'
import type { AnswerCode, Metrics } from './metrics/metrics.ts'
import { redact } from './redacting-logger.ts'
import { errorReply } from './reply/reply.ts'
import { answer, type RequestSteps } from './request-path.ts'
import { type Identity, NOBODY } from './session/identity.ts'
import { sameRights } from './session/same-rights.ts'
import type { Session } from './session/sessions.ts'
import { reconsider } from './session-path.ts'
import type { ConnectingClient, IncomingMessage, RefusedPublish, TransportReceiver } from './transport/transport.ts'

/** What a transport's events mean to the server. */
export function receiver(
  steps: RequestSteps,
  inFlight: InFlight,
  admission: Admission,
  metrics: Metrics,
): TransportReceiver {
  const { sessions, transport } = steps
  const refuse = ({ clientId, payload }: IncomingMessage, error: SpecError) => {
    metrics.refused(error.code)
    void transport.respond(clientId, errorReply(idOf(payload, steps), error))
  }
  const work = async (message: IncomingMessage, worked: () => void) => {
    const startedAt = performance.now()
    const counted = (code: AnswerCode) => {
      metrics.answered(code, performance.now() - startedAt)
      worked()
    }
    try {
      await answer(message, steps, counted)
    } catch (error) {
      // It never rejects. Should that be wrong one day, it is a line in the log, not the end of the process.
      const { clientId, payload } = message
      const about = { clientId, request: idOf(payload, steps) }
      steps.logger.error({ ...about, err: error }, 'a message was not dealt with to its end')
    }
  }
  return {
    connecting: (client) => admit(client, steps),
    connected(clientId, admitted) {
      const { identity, metadata, certificate } = admitted ? (admitted.as as Known) : stranger()
      const session = sessions.open(clientId, identity, metadata)
      // Somebody else came in under this id meanwhile: an id and what waits for it are one principal's.
      if (session.identity.principal !== identity.principal) return transport.disconnect(clientId)
      session.connected = true
      session.certificate = certificate
      const isSame = sameRights(session.identity.auth, identity.auth)
      sessions.identify(session, identity, () => transport.disconnect(clientId))
      // What it subscribed to in a session that waited was decided by the rights that it had then.
      const decided = isSame ? Promise.resolve() : reconsider(session, steps).catch(failed(session, steps))
      inFlight.track(decided.then(() => told('afterConnect', session, steps)))
    },
    disconnected(clientId, sessionEnded) {
      const session = sessions.find(clientId)
      sessions.disconnected(clientId)
      if (session)
        inFlight.track(told('beforeDisconnect', session, steps).then(() => told('afterDisconnect', session, steps)))
      if (sessionEnded) steps.subscriptions.endAll(clientId)
    },
    sessionEnded: (clientId) => steps.subscriptions.endAll(clientId),
    overflowed: (clientId) => steps.subscriptions.resetAll(clientId, 'slow'),
    message(message) {
      if (!inFlight.open) return refuse(message, shuttingDown())
      const admitted = admission.admit(message.clientId, message.payload.length, (worked) => work(message, worked))
      if (admitted instanceof SpecError) refuse(message, admitted)
      else inFlight.track(admitted)
    },
    refused: (publish) => refuse(publish, refusal(publish)),
    listening(clientId, subscriptionId) {
      for (const subscription of sessions.find(clientId)?.subscriptions.values() ?? []) {
        if (subscriptionId === '+' || subscriptionId === subscription.id) steps.notifier.listening(subscription)
      }
    },
  }
}

/** Runs hooks of what has happened already; one that fails can undo nothing, and is logged. */
async function told(name: HookName, session: Session, steps: RequestSteps): Promise<void> {
  try {
    await askerIn(session, steps).hooks.run(name, undefined, {})
  } catch (error) {
    steps.logger.error({ err: error, hook: name, clientId: session.clientId }, 'a hook failed')
  }
}

/** A client's subscriptions could not be decided anew: they are out of the index, and it is better off without. */
const failed =
  ({ clientId }: Session, { logger, transport }: RequestSteps) =>
  (error: unknown) => {
    logger.error({ err: error, clientId }, 'the subscriptions of a client could not be decided anew')
    transport.disconnect(clientId)
  }

/** Who a connection is, and what hooks have noted of it before it was let in. */
interface Known {
  readonly identity: Identity
  readonly metadata: Map<string, unknown>
  readonly certificate: ClientCertificate | undefined
}

const stranger = (): Known => ({ identity: NOBODY, metadata: new Map(), certificate: undefined })

/** CONNACK's "server unavailable" and "not authorised". [MQTT-3.2.2.3] */
const UNAVAILABLE = 3
const NOT_AUTHORIZED = 5

async function admit(client: ConnectingClient, steps: RequestSteps) {
  const { identifier, sessions, logger } = steps
  const { clientId, username, password, remoteAddress, certificate, inProcess } = client
  try {
    const text = password && Buffer.from(password).toString()
    const credentials = { clientId, username, password: text, remoteAddress, certificate }
    const identity = await (inProcess ? identifier.vouchFor(inProcess.auth) : identifier.identify(credentials))
    const owner = sessions.find(clientId)?.identity.principal
    if (owner === undefined || owner === identity.principal) {
      const metadata = sessions.find(clientId)?.metadata ?? new Map<string, unknown>()
      const { hooks } = meansOf({ clientId, metadata }, identity.auth, steps)
      await hooks.run('beforeConnect', undefined, { username, remoteAddress })
      return { as: { identity, metadata, certificate } satisfies Known }
    }
    logger.warn({ clientId, remoteAddress }, 'refused a client under an id that is another principal’s')
  } catch (error) {
    const secret = password && password.length > 0 ? Buffer.from(password).toString() : username
    const facts = redact({ clientId, remoteAddress, err: error }, [secret ?? ''])
    logger.info(facts, 'refused a client by its credentials')
    if (isSpecError(error) && error.code === 'rate_limited') return UNAVAILABLE
  }
  return NOT_AUTHORIZED
}

const shuttingDown = () => new SpecError('unavailable', 'The server is shutting down; try again in a moment.')

function refusal({ reason, clientId }: RefusedPublish): SpecError {
  switch (reason) {
    case 'too-large':
      return new SpecError('payload_too_large', 'The message is larger than the server takes; send less at once.')
    case 'retained':
      return new SpecError('forbidden', 'A request is never retained; publish it without the retain flag.')
    case 'topic':
      return new SpecError('forbidden', `You may publish to your own request topic only, the one of "${clientId}".`)
  }
}

/** The id of a message that is not carried out, where it can be read. */
const idOf = (payload: Uint8Array, { limits }: RequestSteps): string => parseMessage(payload, limits).id
