import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { BrokerClients, MAX_SKIPPED_BYTES } from './broker-clients.ts'
import { type EmbeddedBrokerOptions, type EmbeddedBrokerSettings, embeddedSettings } from './embedded-options.ts'
import { socketLink, webSocketLink } from './link.ts'
import { linkInMemory } from './link-in-memory.ts'
import { type Listener, turnAway } from './listener.ts'
import { listenTcp } from './tcp-listener.ts'
import type {
  InProcess,
  Payload,
  Transport,
  TransportAddresses,
  TransportReceiver,
  TransportSettings,
} from './transport.ts'
import { listenWebSocket } from './web-socket-listener.ts'

export type { EmbeddedBrokerOptions } from './embedded-options.ts'

const TCP_KEEP_ALIVE_MS = 60_000

/**
 * An MQTT 3.1.1 broker in this process, for one purpose: requests come in, replies and notifications go out, and no
 * client hears another.
 *
 *     socket ─► link ─► frame guard ─► connection ── PUBLISH ─────────────► receiver
 *                                        │    ▲ └─── CONNECT, SUBSCRIBE ──► aedes
 *                                        ▼    └───── session ◄───────────── respond, notify
 *                                     to the socket, one write for each turn of the event loop
 */
export class EmbeddedBroker implements Transport {
  readonly #settings: EmbeddedBrokerSettings
  readonly #listeners: Listener[] = []
  #clients: BrokerClients | undefined
  #stopping: Promise<void> | undefined

  constructor(options: EmbeddedBrokerOptions, settings: TransportSettings) {
    this.#settings = embeddedSettings(options, settings)
  }

  async start(receiver: TransportReceiver): Promise<TransportAddresses> {
    if (this.#clients) throw new Error('the broker was started before: make a new one')
    const clients = new BrokerClients(this.#settings, receiver)
    this.#clients = clients
    await clients.open()
    try {
      return { ...(await this.#listenTcp(clients)), ...(await this.#listenWebSocket(clients)) }
    } catch (cause) {
      await this.stop()
      throw cause
    }
  }

  respond(clientId: string, payload: Payload): Promise<void> {
    return this.#clients?.find(clientId)?.reply(payload, this.#settings.qos.response) ?? DONE
  }

  notify(clientId: string, subscriptionId: string, payload: Payload, acknowledged?: () => void): Promise<void> {
    const session = this.#clients?.find(clientId)
    return session?.notify(subscriptionId, payload, this.#settings.qos.notification, acknowledged) ?? DONE
  }

  dropNotifications(clientId: string): void {
    this.#clients?.find(clientId)?.dropNotifications()
  }

  openInProcess(as: InProcess): Duplex {
    const { link, client } = linkInMemory()
    if (this.#clients?.hasRoom(undefined)) this.#clients.accept(link, as)
    else client.destroy()
    return client
  }

  isListening(clientId: string, subscriptionId: string): boolean {
    return this.#clients?.find(clientId)?.isListening(subscriptionId) ?? false
  }

  disconnect(clientId: string): void {
    this.#clients?.disconnect(clientId)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const closed = this.#listeners.map((listener) => listener.close())
    await this.#clients?.close()
    await Promise.all(closed)
  }

  async #listenTcp(clients: BrokerClients): Promise<TransportAddresses> {
    const { host, port, tls, drainTimeoutMs } = this.#settings
    if (port === false) return {}
    const listener = await listenTcp(host, port, tls, (socket) => {
      if (clients.hasRoom(socket.remoteAddress)) clients.accept(socketLink(watched(socket), drainTimeoutMs))
      else turnAway(socket)
    })
    this.#listeners.push(listener)
    return { mqtt: { host: listener.host, port: listener.port } }
  }

  async #listenWebSocket(clients: BrokerClients): Promise<TransportAddresses> {
    const { host, webSocket, tls, drainTimeoutMs } = this.#settings
    if (webSocket === false) return {}
    const listener = await listenWebSocket(webSocket, {
      host,
      tls,
      maxPayloadBytes: MAX_SKIPPED_BYTES,
      hasRoom: (address) => clients.hasRoom(address),
      accept: (socket: WebSocket, beneath: Socket) =>
        clients.accept(webSocketLink(socket, watched(beneath), drainTimeoutMs)),
    })
    this.#listeners.push(listener)
    return { webSocket: { host: listener.host, port: listener.port, path: listener.path } }
  }
}

const DONE = Promise.resolve()

/** Lets TCP find out whether the other machine is still there, for clients that asked for no keep-alive. */
const watched = (socket: Socket): Socket => socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
