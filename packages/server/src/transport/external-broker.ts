import { CLIENT_ID, notifyTopic, parseTopic, responseTopic } from '@mqttspec/protocol'
import { nanoid } from 'nanoid'
import { BrokerConnection } from './broker-connection.ts'
import type { ExternalBrokerOptions } from './external-options.ts'
import { PublishQueue } from './publish-queue.ts'
import type { Payload, Transport, TransportAddresses, TransportReceiver, TransportSettings } from './transport.ts'

export type { ExternalBrokerOptions } from './external-options.ts'

/** How long `stop` waits until the broker has what was sent. */
const FLUSH_TIMEOUT_MS = 2_000

/**
 * An MQTT broker that runs elsewhere, with the server as one of its clients. Who connects, and to which topics, is the
 * broker's to decide: its rules must bind a client id to its topics.
 *
 *     broker ── {prefix}/+/request ──► connection ──► receiver
 *       ▲  └──────────────────────── reconnects, subscribes again, with backoff
 *       └── response, notify ───────── queue: what was not acknowledged is sent again, within bounds ◄── respond, notify
 */
export class ExternalBroker implements Transport {
  readonly #settings: TransportSettings
  readonly #connection: BrokerConnection
  readonly #queue = new PublishQueue((clientId) => this.#receiver?.overflowed?.(clientId))
  #receiver: TransportReceiver | undefined
  #stopping: Promise<void> | undefined

  constructor(options: ExternalBrokerOptions, settings: TransportSettings) {
    this.#settings = settings
    this.#connection = new BrokerConnection(options, settings, options.clientId ?? `mqttspec-${nanoid(12)}`, {
      message: (topic, payload, retained) => this.#message(topic, payload, retained),
      up: (client) => this.#queue.attach(client),
      down: () => this.#queue.detach(),
    })
  }

  async start(receiver: TransportReceiver): Promise<TransportAddresses> {
    if (this.#receiver) throw new Error('the transport was started before: make a new one')
    this.#receiver = receiver
    try {
      await this.#connection.start()
    } catch (cause) {
      await this.stop()
      throw cause
    }
    return {}
  }

  respond(clientId: string, payload: Payload): Promise<void> {
    const { topicPrefix, qos } = this.#settings
    return this.#queue.reply(responseTopic(topicPrefix, clientId), payload, qos.response)
  }

  notify(clientId: string, subscriptionId: string, payload: Payload, acknowledged?: () => void): Promise<void> {
    const { topicPrefix, qos } = this.#settings
    const topic = notifyTopic(topicPrefix, clientId, subscriptionId)
    return this.#queue.notify(clientId, topic, payload, qos.notification, acknowledged)
  }

  /** They are the broker's. */
  dropNotifications(): void {}

  openInProcess(): never {
    throw new Error(
      'a client in this process needs the embedded broker; it may listen nowhere: { port: false, webSocket: false }',
    )
  }

  /** The broker does not tell. */
  isListening(): boolean {
    return true
  }

  /** The broker's clients are not ours to disconnect. */
  disconnect(): void {}

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#queue.close(FLUSH_TIMEOUT_MS)
    await this.#connection.stop()
  }

  /** A retained message was carried out when it was new, if it was: it is what a restart would run again. */
  #message(topic: string, payload: Buffer, retained: boolean): void {
    const parsed = parseTopic(this.#settings.topicPrefix, topic)
    if (retained || this.#stopping || parsed?.kind !== 'request' || !CLIENT_ID.test(parsed.clientId)) return
    const { clientId } = parsed
    if (payload.length <= this.#settings.maxRequestBytes) this.#receiver?.message({ clientId, payload })
    else this.#receiver?.refused({ clientId, topic, payload: new Uint8Array(0), reason: 'too-large' })
  }
}
