import { SpecError } from '@mqttspec/protocol'
import { parseMessage } from './decode/parse-message.ts'
import type { InFlight } from './lifecycle.ts'
import { errorReply } from './reply/reply.ts'
import { answer, type RequestSteps } from './request-path.ts'
import type { RefusedPublish, TransportReceiver } from './transport/transport.ts'

/** What a transport's events mean to the server. */
export function receiver(steps: RequestSteps, inFlight: InFlight): TransportReceiver {
  const { sessions } = steps
  return {
    connecting: async () => undefined,
    connected: (clientId) => void sessions.open(clientId),
    disconnected(clientId, sessionEnded) {
      if (sessionEnded) steps.subscriptions.endAll(clientId)
    },
    message(message) {
      if (inFlight.open) inFlight.track(answer(message, steps))
      else void steps.transport.respond(message.clientId, errorReply(idOf(message.payload, steps), shuttingDown()))
    },
    refused(publish) {
      void steps.transport.respond(publish.clientId, errorReply(idOf(publish.payload, steps), refusal(publish)))
    },
    listening(clientId, subscriptionId) {
      const { subscriptions } = sessions.open(clientId)
      for (const subscription of subscriptions.values()) {
        if (subscriptionId === '+' || subscriptionId === subscription.id) steps.notifier.listening(subscription)
      }
    },
  }
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
