import type { Duplex } from 'node:stream'
import type { ClientCertificate } from '../client-certificate.ts'
import type { Logger } from '../logger.ts'

/** What a broker is given to send: a string, sent as UTF-8, or bytes, which may come in parts. */
export type Payload = string | Uint8Array | readonly Uint8Array[]

/** How many bytes a payload has. */
export function bytesOf(payload: Payload): number {
  if (typeof payload === 'string') return Buffer.byteLength(payload)
  return payload instanceof Uint8Array ? payload.length : payload.reduce((bytes, part) => bytes + part.length, 0)
}

/** MQTT's quality of service: at most once, at least once, exactly once. */
export type Qos = 0 | 1 | 2

/** How MQTT is spoken in each direction. */
export interface DeliveryQos {
  readonly request: Qos
  readonly response: Qos
  readonly notification: Qos
}

/** What every transport is told by its server. */
export interface TransportSettings {
  readonly topicPrefix: string
  readonly qos: DeliveryQos
  /** Bytes of one request; a larger one is acknowledged, dropped and reported. */
  readonly maxRequestBytes: number
  readonly logger: Logger
}

/** A client that asks to connect, as its CONNECT packet says. Only the embedded broker sees this. */
export interface ConnectingClient {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
  /** MQTT's clean session flag. */
  readonly clean: boolean
  readonly remoteAddress: string | undefined
  /** The certificate that it came with, if the broker asks for one. */
  readonly certificate: ClientCertificate | undefined
  /** Of a client in this process: who it is, in the words of who has opened its stream. */
  readonly inProcess?: InProcess | undefined
}

/** Who a client in this process is, which nobody has to prove. */
export interface InProcess {
  readonly auth: unknown
}

/** MQTT 3.1.1 CONNACK return codes of a refusal. [MQTT-3.2.2.3] */
export type ConnectRefusal = 2 | 3 | 4 | 5

/** Who a connection is, in the server's own words; the transport hands it on and does not look. */
export interface Admitted {
  readonly as: unknown
}

/** One message on a request topic. */
export interface IncomingMessage {
  readonly clientId: string
  readonly payload: Uint8Array
}

/** A publish that was acknowledged and not carried out. The payload is there so that its `id` can be answered. */
export interface RefusedPublish {
  readonly clientId: string
  readonly topic: string
  /** Empty when the reason is `too-large`: such a payload is never held. */
  readonly payload: Uint8Array
  readonly reason: 'topic' | 'retained' | 'too-large'
}

/** What a transport tells the server. None of these may throw; the transport does not wait for void ones. */
export interface TransportReceiver {
  /** May this client connect? Resolves with undefined, or with who it is, for yes. Embedded broker only. */
  connecting(client: ConnectingClient): Promise<ConnectRefusal | Admitted | undefined>
  /**
   * The client is connected, as who `connecting` of this very connection said. Called once for each connection, before
   * its first message. `disconnect` ends it here and now, if it is not wanted after all. Embedded broker only.
   */
  connected(clientId: string, as: Admitted | undefined): void
  /** The connection ended, however. `sessionEnded`: its MQTT session ended with it. Once for each `connected`. */
  disconnected(clientId: string, sessionEnded: boolean): void
  message(message: IncomingMessage): void
  refused(publish: RefusedPublish): void
  /** The client subscribed to its notify topic: of one subscription, or of all (`'+'`). Embedded broker only. */
  listening(clientId: string, subscriptionId: string): void
  /**
   * A session that had outlived its connection ended: the client came back with a clean one, or not in time, or there
   * were too many. Once for each `disconnected` whose session had not ended, unless the client resumes it. Embedded
   * broker only.
   */
  sessionEnded?(clientId: string): void
  /**
   * Notifications to this client were dropped because it reads too slowly, or was away for too much of them. Called
   * when there is room again, so that it can be told what it missed: until then every one is dropped.
   */
  overflowed?(clientId: string): void
}

/** Where an embedded broker can be reached. An external one reports nothing. */
export interface TransportAddresses {
  readonly mqtt?: { readonly host: string; readonly port: number }
  readonly webSocket?: { readonly host: string; readonly port: number; readonly path: string }
}

/**
 * Bytes in, bytes out: the only thing that knows MQTT. The embedded broker and an external one are siblings under it.
 *
 * - It MUST hand on only messages whose topic names the client that published them (embedded: the connected client id;
 *   external: the broker's rules see to it), and MUST NOT hand on retained messages or wills.
 * - It MUST deliver to one client in the order in which it was asked to.
 * - It MUST NOT let one client that does not read delay another.
 * - It MUST deliver only to a topic that the client has subscribed to, at no higher QoS than it was granted.
 * - It MUST NOT throw from a socket's event, whatever bytes arrive.
 */
export interface Transport {
  /** Opens for business; rejects when a port is taken or a broker does not answer, and then holds nothing open. */
  start(receiver: TransportReceiver): Promise<TransportAddresses>
  /**
   * Sends a reply. Resolves when it was handed on or dropped because nobody listens; never rejects. For a client that
   * reads slowly it resolves when there is room: who waits for it holds no more than the client can take.
   */
  respond(clientId: string, payload: Payload): Promise<void>
  /**
   * Sends a notification of one subscription. Resolves as `respond` does; for who does not wait see `overflowed`.
   * `acknowledged` is called once the client has acknowledged it (behind an external broker: the broker), at QoS 1 and
   * 2; of one that was dropped or lost, never.
   */
  notify(clientId: string, subscriptionId: string, payload: Payload, acknowledged?: () => void): Promise<void>
  /**
   * Forgets the notifications of a client that have not left this process, and sends none of those again that were not
   * acknowledged: they were decided by rights that it has no more. What an external broker has is out of reach.
   */
  dropNotifications(clientId: string): void
  /** Is the client subscribed to this subscription's notify topic? An external broker cannot know: true. */
  isListening(clientId: string, subscriptionId: string): boolean
  /** A stream of MQTT to a client in this process, as if it had come by a socket. Throws where the broker is elsewhere. */
  openInProcess(as: InProcess): Duplex
  /** Ends a client's connection, if there is one. */
  disconnect(clientId: string): void
  /** Stops taking messages, closes every connection and listener. Calling it again is fine. */
  stop(): Promise<void>
}
