import { EmbeddedBroker, type EmbeddedBrokerOptions } from '../embedded-broker.ts'
import type {
  ConnectingClient,
  ConnectRefusal,
  RefusedPublish,
  TransportAddresses,
  TransportReceiver,
  TransportSettings,
} from '../transport.ts'

/** What a test may say instead of the defaults. */
export interface StartOptions extends EmbeddedBrokerOptions, Partial<TransportSettings> {
  readonly connecting?: (client: ConnectingClient) => Promise<ConnectRefusal | undefined>
  readonly connected?: (broker: StartedBroker, clientId: string) => void
  /** Answers a request, instead of nothing. */
  readonly answer?: (broker: StartedBroker, clientId: string, payload: string) => void
}

/** An embedded broker on free ports of loopback that writes down all it tells. */
export class StartedBroker implements AsyncDisposable {
  readonly broker: EmbeddedBroker
  readonly #options: StartOptions
  /** Every event in order: `connected a`, `message a {…}`, `disconnected a session ended`, … */
  readonly log: string[] = []
  readonly messages: { readonly clientId: string; readonly payload: string }[] = []
  readonly refused: RefusedPublish[] = []
  readonly connecting: ConnectingClient[] = []
  /** Why connections ended, as the broker logged it. */
  readonly ends: string[] = []
  addresses: TransportAddresses = {}

  constructor(options: StartOptions) {
    this.#options = options
    const settings = {
      topicPrefix: options.topicPrefix ?? 'spec',
      qos: options.qos ?? { request: 1, response: 1, notification: 1 },
      maxRequestBytes: options.maxRequestBytes ?? 256 * 1024,
      logger: {
        info: (facts: object) => void this.ends.push('reason' in facts ? String(facts.reason) : JSON.stringify(facts)),
        warn: () => {},
        error: (_facts: object, message: string) => void this.log.push(`error ${message}`),
      },
    }
    this.broker = new EmbeddedBroker({ port: 0, webSocket: false, ...options }, settings)
  }

  async start(): Promise<this> {
    this.addresses = await this.broker.start(this.#receiver())
    return this
  }

  get port(): number {
    return this.addresses.mqtt?.port ?? 0
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.addresses.webSocket?.port}${this.addresses.webSocket?.path}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.stop()
  }

  #receiver(): TransportReceiver {
    const { log } = this
    return {
      connecting: (client) => {
        this.connecting.push(client)
        return this.#options.connecting?.(client) ?? Promise.resolve(undefined)
      },
      connected: (clientId) => {
        log.push(`connected ${clientId}`)
        this.#options.connected?.(this, clientId)
      },
      disconnected: (clientId, ended) => void log.push(`disconnected ${clientId}${ended ? ' session ended' : ''}`),
      message: ({ clientId, payload }) => {
        const message = { clientId, payload: Buffer.from(payload).toString() }
        this.messages.push(message)
        this.#options.answer?.(this, clientId, message.payload)
      },
      refused: (publish) => {
        this.refused.push(publish)
        log.push(`refused ${publish.clientId} ${publish.topic} ${publish.reason}`)
      },
      listening: (clientId, subscriptionId) => void log.push(`listening ${clientId} ${subscriptionId}`),
      sessionEnded: (clientId) => void log.push(`session ended ${clientId}`),
      overflowed: (clientId) => void log.push(`overflowed ${clientId}`),
    }
  }
}

/** Starts a broker for a test. */
export const startBroker = (options: StartOptions = {}): Promise<StartedBroker> => new StartedBroker(options).start()
