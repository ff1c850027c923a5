import { notifyTopic, requestTopic, responseTopic, SpecError, serverStatusTopic } from '@mqttspec/protocol'
import mqtt, { type IClientSubscribeProperties, type MqttClient } from 'mqtt'
import { connectionError } from './connection-error.ts'
import type { InProcess } from './in-process.ts'
import type { TlsOptions } from './tls-options.ts'
import type { Credentials, Link, LinkReceiver, Transport } from './transport.ts'

/** How MQTT is spoken in each direction. */
export interface Qos {
  readonly request: 0 | 1 | 2
  readonly response: 0 | 1 | 2
  readonly notification: 0 | 1 | 2
}

export interface MqttTransportSettings {
  /** Where the broker is, or the server itself in this process. */
  readonly broker: string | InProcess
  readonly clientId: string
  readonly topicPrefix: string
  readonly qos: Qos
  readonly tls: TlsOptions
  /** How long one attempt may take, to the acknowledged subscription. */
  readonly attemptMs: number
}

const KEEP_ALIVE_SECONDS = 30
const GOODBYE_MS = 1_000

/**
 * Speaks MQTT 3.1.1 through mqtt.js: the only file that names it.
 *
 * Each link is a client of its own, so that what mqtt.js remembers of unacknowledged messages dies with it: it would
 * send them before it has subscribed again, and with a clean session their replies would be lost.
 */
export function mqttTransport(settings: MqttTransportSettings): Transport {
  return { open: (credentials, receiver, signal) => new Opening(settings, credentials, receiver, signal).link }
}

/** One attempt: socket, CONNECT, CONNACK, SUBSCRIBE, SUBACK, then a link. */
class Opening {
  readonly link: Promise<Link>
  readonly #client: MqttClient
  readonly #settings: MqttTransportSettings
  readonly #receiver: LinkReceiver
  #cause: unknown
  #phase: 'opening' | 'open' | 'over' = 'opening'
  #give: (link: Link) => void = () => {}
  #refuse: (error: unknown) => void = () => {}
  readonly #stop: () => void

  constructor(settings: MqttTransportSettings, credentials: Credentials, receiver: LinkReceiver, signal: AbortSignal) {
    this.#settings = settings
    this.#receiver = receiver
    this.link = new Promise((resolve, reject) => {
      this.#give = resolve
      this.#refuse = reject
    })
    this.#client = clientTo(settings.broker, clientOptions(settings, credentials))
    const abandon = () => this.#fail(signal.reason)
    const timer = setTimeout(
      () => this.#fail(new Error(`no answer within ${settings.attemptMs} ms`)),
      settings.attemptMs,
    )
    signal.addEventListener('abort', abandon, { once: true })
    this.#stop = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abandon)
    }
    this.#client.on('connect', () => this.#subscribe())
    this.#client.on('message', (topic, payload, { retain }) => {
      if (this.#phase !== 'over') receiver.message(topic, payload, retain)
    })
    this.#client.on('error', (error) => {
      this.#cause = error
    })
    this.#client.on('close', () => this.#closed())
    if (signal.aborted) abandon()
  }

  #subscribe(): void {
    // Without it a QoS 1 round trip waits 40 ms for a delayed acknowledgement. WebSockets have it.
    const stream = this.#client.stream as { setNoDelay?: (on: boolean) => void }
    stream.setNoDelay?.(true)
    const { topicPrefix, clientId, qos } = this.#settings
    const topics: Record<string, IClientSubscribeProperties & { qos: 0 | 1 | 2 }> = {
      [responseTopic(topicPrefix, clientId)]: { qos: qos.response },
      [notifyTopic(topicPrefix, clientId, '+')]: { qos: qos.notification },
    }
    this.#client.subscribe(topics, (error) => {
      if (this.#phase !== 'opening') return
      if (error)
        this.#fail(new SpecError('forbidden', `The broker refused ${Object.keys(topics)[0]}.`, undefined, error))
      else this.#open()
    })
  }

  #open(): void {
    this.#stop()
    this.#phase = 'open'
    const { topicPrefix, clientId, qos } = this.#settings
    const topic = requestTopic(topicPrefix, clientId)
    // By itself: a broker that refuses it takes nothing else away.
    this.#client.subscribe(serverStatusTopic(topicPrefix, '+'), { qos: 1 }, () => {})
    this.#give({
      // An error here is the loss of the link, which `lost` tells; the request is sent again by id.
      publish: (text) => void this.#client.publish(topic, text, { qos: qos.request }, () => {}),
      close: () => this.#goodbye(),
    })
  }

  #fail(cause: unknown): void {
    this.#cause = cause
    this.#client.end(true)
    this.#closed()
  }

  #closed(): void {
    const phase = this.#phase
    this.#phase = 'over'
    this.#stop()
    if (phase === 'opening') this.#refuse(connectionError(this.#cause, nameOf(this.#settings.broker)))
    else if (phase === 'open') this.#receiver.lost(this.#cause)
  }

  #goodbye(): Promise<void> {
    this.#phase = 'over'
    return new Promise((resolve) => {
      const { stream } = this.#client
      // end() waits for acknowledgements, which a silent broker never sends.
      const timer = setTimeout(() => stream.destroy(), GOODBYE_MS)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      if (stream.destroyed) return done()
      stream.once('close', done)
      this.#client.end()
    })
  }
}

function clientTo(broker: string | InProcess, options: mqtt.IClientOptions): MqttClient {
  if (typeof broker === 'string') return mqtt.connect(broker, options)
  // Its types know streams of Node only, of which this file knows nothing.
  const open = broker.open as () => ReturnType<ConstructorParameters<typeof MqttClient>[0]>
  return new mqtt.MqttClient(() => open(), options)
}

const nameOf = (broker: string | InProcess): string => (typeof broker === 'string' ? broker : 'in this process')

function clientOptions(settings: MqttTransportSettings, { username, password }: Credentials): mqtt.IClientOptions {
  return {
    // mqtt.js takes bytes as Node's Buffer only in its types.
    ...(settings.tls as Pick<mqtt.IClientOptions, keyof TlsOptions>),
    clientId: settings.clientId,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    protocolVersion: 4,
    clean: true,
    keepalive: KEEP_ALIVE_SECONDS,
    connectTimeout: settings.attemptMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
  }
}
