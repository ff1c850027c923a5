import { parseServerStatusTopic, parseTopic } from '@mqttspec/protocol'
import type { ConnectionReceiver } from './connection/connection.ts'
import { ServerPresence } from './connection/server-presence.ts'
import type { ServerSession } from './identity/server-session.ts'
import { readReply } from './request/reply.ts'
import type { WaitingRequests } from './request/waiting-requests.ts'
import { readNotification } from './subscription/read-notification.ts'
import type { Subscriptions } from './subscription/subscriptions.ts'

/** The parts of a client to which what comes in goes. */
export interface IncomingParts {
  readonly session: ServerSession
  readonly waiting: WaitingRequests
  readonly subscriptions: Subscriptions
  /** Another server may be there from now on. */
  renewed(): void
}

/** What the events of a connection mean to a client. `parts` are asked for when there is something for them. */
export function incoming(topicPrefix: string, parts: () => IncomingParts): ConnectionReceiver {
  const presence = new ServerPresence()

  // The link stays, and the server at its other end is another one, or was away.
  function heard(serverId: string | undefined, payload: Uint8Array, retained: boolean): void {
    const news = serverId === undefined ? undefined : presence.heard(serverId, payload, retained)
    if (!news) return
    const { session, subscriptions, waiting, renewed } = parts()
    if (news === 'forgotten') {
      renewed()
      // Whoever is refused for want of it is told if it fails.
      if (session.forget()) session.identify().catch(() => {})
      subscriptions.renew()
    }
    waiting.sendAll()
  }

  return {
    message(name, payload, retained) {
      const topic = parseTopic(topicPrefix, name)
      if (!topic) heard(parseServerStatusTopic(topicPrefix, name), payload, retained)
      else if (topic.kind === 'response') {
        const reply = readReply(payload)
        if (reply) parts().waiting.answered(reply)
      } else if (topic.kind === 'notify') {
        const notification = readNotification(payload)
        if (notification) parts().subscriptions.notified(notification)
      }
    },
    online() {
      const { session, subscriptions, waiting, renewed } = parts()
      renewed()
      session.tryAgain()
      presence.reset()
      subscriptions.abandon()
      waiting.sendAll()
      subscriptions.online()
    },
    refused: (error) => parts().waiting.failAll(error.code, 'has no answer: the broker refuses this client', error),
  }
}
