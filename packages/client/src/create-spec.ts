import type { SpecShape } from '@mqttspec/protocol'
import type { Backoff } from './backoff.ts'
import { Connection } from './connection/connection.ts'
import { type Login, ServerSession } from './identity/server-session.ts'
import { type IncomingParts, incoming } from './incoming.ts'
import { KnownEntities } from './live/known-entities.ts'
import { LiveQueries } from './live/live-queries.ts'
import { createCalls } from './operations/calls.ts'
import { meta } from './operations/meta.ts'
import { read } from './operations/read.ts'
import type { Ask } from './request/ask.ts'
import { KeptWrites } from './request/kept-writes.ts'
import type { Outgoing } from './request/waiting-request.ts'
import { WaitingRequests } from './request/waiting-requests.ts'
import type { WriteStorage } from './request/write-storage.ts'
import { type AskSteps, ask } from './request-path.ts'
import type { SpecClient } from './spec-client.ts'
import { Subscriptions } from './subscription/subscriptions.ts'
import type { Credentials, Transport } from './transport/transport.ts'

/** Everything that a client is made of. */
export interface SpecSettings {
  readonly transport: Transport
  readonly clientId: string
  readonly topicPrefix: string
  readonly credentials: () => Promise<Credentials>
  /** Who the client is to a server that does not see its connection, if there is something to say. */
  readonly login: Login | undefined
  readonly offline: 'wait' | 'queue'
  readonly storage: WriteStorage | undefined
  readonly timeoutMs: number
  readonly maxBufferedEvents: number
  readonly maxInFlight: number
  readonly maxRequestBytes: number
  readonly backoff: Backoff
}

/** A client that has not yet tried to connect, and its connection. */
export interface CreatedSpec<Shape extends SpecShape> {
  readonly spec: SpecClient<Shape>
  readonly connection: Connection
  /** Sends the writes that were kept before. */
  readonly resume: () => Promise<void>
  /** Says to the server who the client is, without being asked. */
  readonly identify: () => Promise<void>
}

/** Wires the parts of a client: the only file that knows all of them. */
export function createSpec<Shape extends SpecShape>(settings: SpecSettings): CreatedSpec<Shape> {
  const { timeoutMs, maxBufferedEvents } = settings
  const parts = (): IncomingParts => ({ session, waiting, subscriptions, renewed: () => entities.forget() })
  const connection = new Connection(settings, incoming(settings.topicPrefix, parts))
  const session = new ServerSession(
    (message) => askServer(message),
    settings.login,
    () => waiting.sendHeld(),
  )
  const send = ({ text, identifies = false }: Outgoing) =>
    (identifies || !session.isAwaited) && connection.publish(session.sign(text))
  const waiting = new WaitingRequests(send, session, settings.maxInFlight)
  const steps: AskSteps = {
    ...settings,
    async wait(outgoing) {
      connection.assertHopeful()
      return waiting.add(outgoing)
    },
    keep: (outgoing) => kept.add(outgoing),
  }
  const kept = new KeptWrites({ wait: steps.wait, whenAdmitted: () => connection.whenAdmitted() }, settings.storage)
  const askServer: Ask = (message, options = {}) => ask(message, options, steps)
  const subscriptions = new Subscriptions({
    ask: askServer,
    isOnline: () => connection.state === 'online',
    maxBufferedEvents,
    timeoutMs,
  })

  const entities = new KnownEntities((entity) => meta(askServer, entity))
  const lives = new LiveQueries({
    read: (entity, call) => read(askServer, entity, call),
    meta: (entity) => entities.meta(entity),
    subscribe: (entity, options) => subscriptions.open({ entity, options, timeoutMs }),
    isOnline: () => connection.state === 'online',
  })

  async function close(): Promise<void> {
    const closed = connection.close()
    lives.closeAll()
    subscriptions.closeAll()
    session.stop()
    waiting.failAll('closed', 'has no answer: the client was closed')
    await closed
  }

  const spec = {
    ...createCalls(askServer, subscriptions, lives, timeoutMs),
    clientId: settings.clientId,
    get keptWrites() {
      return kept.size
    },
    connection: {
      get state() {
        return connection.state
      },
      subscribe: connection.subscribe.bind(connection),
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  // The calls take any name and value; what they may be is known to the compiler only.
  return {
    spec: spec as unknown as SpecClient<Shape>,
    connection,
    resume: () => kept.resume(),
    identify: () => session.identify(),
  }
}
