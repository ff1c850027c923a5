import { setImmediate as nextTurn } from 'node:timers/promises'
import { requestTopic, serverStatusTopic } from '@mqttspec/protocol'
import type { AuthenticateError, Client, ConnectPacket, Subscription } from 'aedes'
import { nanoid } from 'nanoid'
import { AddressCount } from './address-count.ts'
import { admission } from './admission.ts'
import { BrokerAcl } from './broker-acl.ts'
import { CLOSED_BY_CLIENT, Connection, type ConnectionContext, DISCONNECTED } from './connection.ts'
import type { EmbeddedBrokerSettings } from './embedded-options.ts'
import type { Link } from './link.ts'
import { SERVER_ONLINE } from './server-status.ts'
import type { Session } from './session.ts'
import { SessionBroker } from './session-broker.ts'
import { SessionStore } from './session-store.ts'
import { SessionTable } from './session-table.ts'
import { TakeoverDamper } from './takeover-damper.ts'
import type { ConnectingClient, ConnectRefusal, InProcess, Qos, TransportReceiver } from './transport.ts'
import { TurnQueue } from './turn-queue.ts'

/** A PUBLISH up to this size is read past, and its connection kept; a larger one closes it. */
export const MAX_SKIPPED_BYTES = 4 * 1024 * 1024

const MAX_CONNECT_BYTES = 16 * 1024
/** A topic and a packet id on top of the largest request. */
const MAX_HEAD_BYTES = 1_024
/** Filters of one client: its replies, each of its subscriptions, and some to spare. */
const MAX_FILTERS = 256
/** The server's answer to CONNECT comes on top of the time that a client may take to send it. */
const ADMISSION_TIMEOUT_MS = 10_000
/** All that sessions hold for clients that are away. */
const MAX_HELD_BYTES = 256 * 1024 * 1024
const EXPIRY_CHECK_MS = 60_000

/**
 * The clients of the embedded broker, from the accepted socket to the last word on its end.
 *
 *     accept ─► preConnect ─► authenticate ─► CONNACK ─► clientReady ─► … ─► ended
 *                             admission, then the         connected          disconnected
 *                             old connection is ended
 */
export class BrokerClients {
  readonly #settings: EmbeddedBrokerSettings
  readonly #receiver: TransportReceiver
  readonly #acl: BrokerAcl
  readonly #sessions: SessionTable
  readonly #aedes: SessionBroker
  readonly #context: ConnectionContext
  readonly #turn = new TurnQueue()
  readonly #takeovers = new TakeoverDamper()
  readonly #statusTopic: string
  /** Every connection whose socket is open, with aedes's side of it, and the other way round. */
  readonly #open = new Map<Connection, Client>()
  readonly #connections = new WeakMap<Client, Connection>()
  readonly #perAddress = new AddressCount()
  /** The connection of each client id that was admitted. */
  readonly #admitted = new Map<string, Connection>()
  /** The connections that the receiver was told of. */
  readonly #announced = new Set<Connection>()
  #expiryTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(settings: EmbeddedBrokerSettings, receiver: TransportReceiver) {
    this.#settings = settings
    this.#receiver = receiver
    this.#acl = new BrokerAcl(settings.topicPrefix)
    this.#statusTopic = serverStatusTopic(settings.topicPrefix, nanoid())
    this.#sessions = new SessionTable(
      {
        prefix: settings.topicPrefix,
        maxAbsent: settings.maxConnections,
        expiryMs: settings.sessionExpiryMs,
        maxHeldBytes: MAX_HELD_BYTES,
      },
      receiver,
    )
    this.#aedes = this.#createAedes()
    this.#context = {
      acl: this.#acl,
      bounds: {
        maxFirstBytes: MAX_CONNECT_BYTES,
        maxBodyBytes: settings.maxRequestBytes + MAX_HEAD_BYTES,
        maxSkippedBytes: MAX_SKIPPED_BYTES,
      },
      maxRequestBytes: settings.maxRequestBytes,
      connectTimeoutMs: settings.connectTimeoutMs,
      admissionTimeoutMs: ADMISSION_TIMEOUT_MS,
      turn: this.#turn,
      receiver,
      ended: (connection, reason) => this.#ended(connection, reason),
    }
  }

  async open(): Promise<void> {
    await this.#aedes.listen()
    this.#expiryTimer = setInterval(() => this.#sessions.expire(Date.now()), EXPIRY_CHECK_MS)
  }

  find(clientId: string): Session | undefined {
    return this.#sessions.find(clientId)
  }

  /** Is there room for one more connection from this address? Some may still be refused in words, with a CONNACK. */
  hasRoom(address: string | undefined): boolean {
    if (this.#closed || this.#open.size >= this.#settings.maxConnections * 2 + 100) return false
    return this.#perAddress.of(address) < this.#settings.maxConnectionsPerAddress
  }

  accept(link: Link, inProcess?: InProcess): void {
    const connection = new Connection(link, this.#context, inProcess)
    const client = this.#aedes.handle(connection.stream)
    this.#open.set(connection, client)
    this.#connections.set(client, connection)
    this.#perAddress.add(link.remoteAddress)
    void connection.whenClosed.then(() => {
      this.#open.delete(connection)
      this.#perAddress.remove(link.remoteAddress)
    })
  }

  disconnect(clientId: string): void {
    this.#admitted.get(clientId)?.end('disconnected by the server')
  }

  /** Ends every connection and waits until their sockets are closed. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#expiryTimer)
    const connections = [...this.#open.keys()]
    for (const connection of connections) connection.end('the server stops')
    await new Promise<void>((resolve) => this.#aedes.close(resolve))
    await Promise.all(connections.map((connection) => connection.whenClosed))
    this.#turn.flush()
    this.#sessions.clear()
  }

  #createAedes(): SessionBroker {
    const find = (clientId: string): Session | undefined => this.#sessions.find(clientId)
    const aedes = new SessionBroker({
      persistence: new SessionStore(find, { topic: this.#statusTopic, payload: SERVER_ONLINE }),
      preConnect: (client, packet, done) => done(null, this.#preConnect(this.#of(client), packet)),
      authenticate: (client, username, password, done) => {
        const asking = { clientId: client.id, clean: client.clean, username, password }
        void this.#admit(this.#of(client), asking).then((refusal) => {
          if (refusal === undefined) done(null, true)
          else done(refusalError(refusal), false)
        })
      },
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#maySubscribe(this.#of(client), subscription) ? subscription : null),
      authorizePublish: (_client, _packet, done) => done(new Error('messages do not go through here')),
      authorizeForward: (_client, packet) => (packet.topic === this.#statusTopic ? packet : null),
    })
    aedes.on('clientReady', (client) => this.#ready(this.#of(client)))
    aedes.on('subscribe', (subscriptions, client) => this.#subscribed(this.#of(client), subscriptions))
    aedes.on('unsubscribe', (filters, client) => this.#unsubscribed(this.#of(client), filters))
    aedes.addListener('error', (error: unknown) => this.#settings.logger.error({ error }, 'the broker failed'))
    return aedes
  }

  #of(client: Client): Connection {
    const connection = this.#connections.get(client)
    if (!connection) throw new Error('aedes speaks of a client that it was never given')
    return connection
  }

  /** Takes out of a CONNECT what is not aedes's to care for. False closes the connection without a word. */
  #preConnect(connection: Connection, packet: ConnectPacket): boolean {
    const longest = this.#settings.keepAliveSeconds ?? 0
    const asked = packet.keepalive ?? 0
    connection.limitSilence((longest > 0 && (asked === 0 || asked > longest) ? longest : asked) * 1_500)
    packet.keepalive = 0
    connection.willTopic = packet.will?.topic
    delete packet.will // nobody could hear it: presence is known here without
    if (packet.clientId === '') packet.clientId = NO_CLIENT_ID // aedes would make one up
    return !this.#closed
  }

  async #admit(
    connection: Connection,
    client: Omit<ConnectingClient, 'remoteAddress' | 'certificate' | 'inProcess'>,
  ): Promise<ConnectRefusal | undefined> {
    const { clientId, clean } = client
    const { remoteAddress, certificate, inProcess, willTopic } = connection
    const answer = await admission({ ...client, remoteAddress, certificate, inProcess }, willTopic, {
      acl: this.#acl,
      receiver: this.#receiver,
      hasRoom: () => this.#hasRoomFor(clientId),
      failed: (error) =>
        this.#settings.logger.error({ error, clientId }, 'could not decide whether a client may connect'),
    })
    if (typeof answer === 'number') return answer
    // One that has just gone is known to be, once the sockets have been looked at.
    if (this.#admitted.has(clientId)) await nextTurn()
    if (this.#admitted.has(clientId)) await connection.stays(this.#takeovers.delayMs(clientId, performance.now()))
    if (connection.hasEnded) return undefined
    // Two that connect under one id at once: the later waits until aedes is done with the earlier, then takes over.
    for (let other = this.#connecting(clientId); other; other = this.#connecting(clientId)) await other.whenSettled
    this.#admitted.get(clientId)?.end('taken over by another connection') // [MQTT-3.1.4-2]
    if (!this.#hasRoomFor(clientId)) return 3
    if (connection.hasEnded) return undefined
    connection.admittedAs = answer
    connection.admit(this.#sessions.enter(clientId, clean), requestTopic(this.#settings.topicPrefix, clientId))
    this.#admitted.set(clientId, connection)
    return undefined
  }

  /** The connection that was admitted under this id and is not open yet. */
  #connecting(clientId: string): Connection | undefined {
    const other = this.#admitted.get(clientId)
    return other && !other.isOpen && !other.hasEnded ? other : undefined
  }

  #hasRoomFor(clientId: string): boolean {
    return this.#admitted.size < this.#settings.maxConnections || this.#admitted.has(clientId)
  }

  #ready(connection: Connection): void {
    const { session } = connection
    if (!session || connection.hasEnded) return
    this.#announced.add(connection)
    connection.open()
    this.#receiver.connected(session.clientId, connection.admittedAs)
    if (connection.hasEnded) return // the server wanted to see no more of it
    session.attach(connection)
    for (const filter of session.filters.keys()) this.#listening(session, filter)
    connection.answered()
  }

  #maySubscribe(connection: Connection, { topic, qos }: Subscription): boolean {
    const { session } = connection
    if (!session || !this.#acl.hearing(session.clientId, topic)) return false
    if (session.filters.size >= MAX_FILTERS && !session.filters.has(topic)) return false
    session.filters.set(topic, qos as Qos)
    return true
  }

  #subscribed(connection: Connection, subscriptions: readonly Subscription[]): void {
    const { session } = connection
    if (!session || connection.hasEnded) return
    for (const { topic } of subscriptions) if (session.filters.has(topic)) this.#listening(session, topic)
    connection.answered()
  }

  #unsubscribed(connection: Connection, filters: readonly string[]): void {
    if (connection.hasEnded) return // aedes tidies up: the session may go on
    for (const filter of filters) connection.session?.filters.delete(filter)
    connection.answered()
  }

  #listening(session: Session, filter: string): void {
    const hearing = this.#acl.hearing(session.clientId, filter)
    if (hearing?.kind === 'notify') this.#receiver.listening(session.clientId, hearing.subscriptionId)
  }

  #ended(connection: Connection, reason: string): void {
    this.#open.get(connection)?.close()
    const { session } = connection
    const clientId = session?.clientId
    if (reason !== DISCONNECTED && reason !== CLOSED_BY_CLIENT) {
      this.#settings.logger.info({ clientId, remoteAddress: connection.remoteAddress, reason }, 'connection ended')
    }
    if (!session) return
    if (this.#admitted.get(session.clientId) === connection) this.#admitted.delete(session.clientId)
    const sessionEnded = this.#sessions.leave(session, Date.now()) || this.#closed
    if (this.#announced.delete(connection)) this.#receiver.disconnected(session.clientId, sessionEnded)
  }
}

const NO_CLIENT_ID = '(none)'

const refusalError = (returnCode: ConnectRefusal): AuthenticateError =>
  Object.assign(new Error('connection refused'), { returnCode })
