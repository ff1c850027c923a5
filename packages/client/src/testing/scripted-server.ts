import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { parseTopic } from '@mqttspec/protocol'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'

/** A message as a client sent it. */
export interface Received {
  readonly clientId: string
  readonly id: string
  readonly type: string
  readonly operation?: string
  readonly entity?: string
  readonly record_id?: unknown
  readonly data?: unknown
  readonly options?: Readonly<Record<string, unknown>>
  readonly subscription_id?: string
  readonly session?: string
}

/** What to answer: fields of the response, or undefined for silence. */
export type Script = (message: Received) => object | undefined | Promise<object | undefined>

/** Who connects, as the broker sees it. */
export interface Login {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: string | undefined
}

/** A server that answers as a test tells it to, behind a real broker on a free port of loopback. */
export class ScriptedServer implements AsyncDisposable {
  script: Script
  /** Refuses a connection with this CONNACK code. */
  refuse: (login: Login) => number | undefined = () => undefined
  /** Refuses a subscription to a topic filter. */
  refuseTopic: (topic: string) => boolean = () => false
  /** Everything that was received, in order; also `connect` of each client, and `subscribe` to its own topics. */
  readonly log: string[] = []
  readonly received: Received[] = []
  readonly logins: Login[] = []
  readonly #broker: Aedes
  readonly #clients = new Map<string, Client>()
  readonly #sockets = new Set<Socket>()
  #server: Server
  #webSockets: HttpServer | undefined
  #port = 0
  #subscriptions = 0

  static async start(script: Script = () => ({})): Promise<ScriptedServer> {
    const server = new ScriptedServer(script, await Aedes.createBroker())
    await server.listen()
    return server
  }

  private constructor(script: Script, broker: Aedes) {
    this.script = script
    this.#broker = broker
    this.#server = createServer()
    Object.assign(broker, {
      authenticate: (client: Client, username: string, password: Buffer, done: (e: unknown, ok: boolean) => void) =>
        this.#login({ clientId: client.id, username, password: password?.toString() }, done),
      authorizeSubscribe: (_client: Client, filter: { topic: string }, done: (e: unknown, ok: unknown) => void) =>
        done(null, this.refuseTopic(filter.topic) ? null : filter),
    })
    broker.on('clientReady', (client) => {
      this.#clients.set(client.id, client)
      this.log.push('connect')
    })
    broker.on('subscribe', (filters) => {
      if (filters.some(({ topic }) => topic.endsWith('/response'))) this.log.push('subscribe')
    })
    broker.on('publish', (packet, client) => {
      if (client && parseTopic('spec', packet.topic)?.kind === 'request') void this.#receive(client.id, packet.payload)
    })
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`
  }

  /** Listens on the port that it had before, or a free one. */
  async listen(): Promise<void> {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      this.#broker.handle(socket)
    })
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Listens for WebSockets too, on a path of its own, and gives its URL without the path. */
  async listenForWebSockets(path: string): Promise<string> {
    const http = createHttpServer()
    this.#webSockets = http
    new WebSocketServer({ server: http, path }).on('connection', (socket) => {
      this.#broker.handle(createWebSocketStream(socket) as never)
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
  }

  /** Refuses new connections and cuts those that are there. */
  async stopListening(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  /** Destroys every socket, as a network that goes away does. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** The messages of one operation, or of a type that has none. */
  sent(operation: string): Received[] {
    return this.received.filter((message) => (message.operation ?? message.type) === operation)
  }

  respond(clientId: string, fields: object): void {
    this.#publish(clientId, `spec/${clientId}/response`, { type: 'response', success: true, timestamp: NOW, ...fields })
  }

  notify(clientId: string, subscriptionId: string, fields: object): void {
    this.#publish(clientId, `spec/${clientId}/notify/${subscriptionId}`, {
      type: 'notification',
      subscription_id: subscriptionId,
      schema: 'public',
      entity: 'users',
      timestamp: NOW,
      ...fields,
    })
  }

  /** A subscription id that was not given before. */
  nextSubscription(): string {
    return `s${++this.#subscriptions}`
  }

  /** Publishes any bytes to a client. */
  raw(clientId: string, topic: string, text: string): void {
    const packet = { cmd: 'publish', topic, payload: Buffer.from(text), qos: 1, retain: false, dup: false } as const
    this.#clients.get(clientId)?.publish(packet, () => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopListening()
    this.#webSockets?.closeAllConnections()
    this.#webSockets?.close()
    await new Promise<void>((resolve) => this.#broker.close(resolve))
  }

  #login(login: Login, done: (error: unknown, ok: boolean) => void): void {
    this.logins.push(login)
    const code = this.refuse(login)
    if (code === undefined) done(null, true)
    else done(Object.assign(new Error('refused'), { returnCode: code }) as AuthenticateError, false)
  }

  async #receive(clientId: string, payload: Buffer | string): Promise<void> {
    const message: Received = { ...JSON.parse(payload.toString()), clientId }
    this.received.push(message)
    this.log.push(message.operation ?? message.type)
    const answer = await this.script(message)
    if (answer) this.respond(clientId, { id: message.id, ...answer })
  }

  #publish(clientId: string, topic: string, message: object): void {
    this.raw(clientId, topic, JSON.stringify(message))
  }
}

const NOW = '2026-01-31T12:00:00+00:00'
