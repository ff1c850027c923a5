import { setTimeout as sleep } from 'node:timers/promises'
import { CLIENT_ID, requestTopic, serverStatusTopic } from '@mqttspec/protocol'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { nanoid } from 'nanoid'
import type { ExternalBrokerOptions } from './external-options.ts'
import { SERVER_OFFLINE, SERVER_ONLINE } from './server-status.ts'
import { proveSharedSubscriptions } from './shared-subscription.ts'
import type { TransportSettings } from './transport.ts'

/** What a connection tells. */
export interface BrokerConnectionEvents {
  message(topic: string, payload: Buffer, retained: boolean): void
  /** The broker is there, and requests are subscribed to. */
  up(client: MqttClient): void
  /** The connection is lost; a new one is being made. Once for each `up`. */
  down(): void
}

const CONNECT_TIMEOUT_MS = 10_000
const RECONNECT_DELAY_MS = 500
const MAX_RECONNECT_DELAY_MS = 30_000
const GOODBYE_TIMEOUT_MS = 1_000

/**
 * Keeps one connection to a broker. Each attempt has a client of its own, since mqtt.js carries what it has not sent
 * from one connection to the next, sends it one by one, and before it subscribes again.
 *
 *     start ──► attempt ──► subscribe ──► up ──► down ──┐
 *                  ▲  └────── failed ──────────────┐    │
 *                  └── wait: doubled, with jitter ─┴────┘
 */
export class BrokerConnection {
  readonly #options: ExternalBrokerOptions
  readonly #settings: TransportSettings
  readonly #events: BrokerConnectionEvents
  readonly #clientId: string
  readonly #statusTopic: string
  #client: MqttClient | undefined
  #isUp = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  readonly #stop = new AbortController()

  constructor(
    options: ExternalBrokerOptions,
    settings: TransportSettings,
    clientId: string,
    events: BrokerConnectionEvents,
  ) {
    this.#options = options
    this.#settings = settings
    this.#events = events
    this.#clientId = clientId
    const serverId = CLIENT_ID.test(clientId) ? clientId : nanoid(12)
    this.#statusTopic = serverStatusTopic(settings.topicPrefix, serverId)
  }

  /** Connects. Tries again while there is time; rejects when there is none, or the broker says no. */
  async start(): Promise<void> {
    const timeoutMs = this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
    const deadlineMs = Date.now() + timeoutMs
    for (;;) {
      try {
        await this.#attempt(Math.max(1, deadlineMs - Date.now()), true)
        return
      } catch (cause) {
        const delayMs = this.#nextDelayMs()
        if (this.#stop.signal.aborted || isRefusal(cause) || Date.now() + delayMs > deadlineMs)
          throw this.#explained(cause, timeoutMs)
        await sleep(delayMs, undefined, { signal: this.#stop.signal }).catch(() => {}) // stopped: the next turn says so
      }
    }
  }

  /** Says goodbye and closes the connection. Calling it again is fine. */
  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    const client = this.#client
    this.#client = undefined
    if (!client) return
    if (this.#isUp) await inTime(this.#sayGoodbye(client), GOODBYE_TIMEOUT_MS)
    await new Promise<void>((resolve) => client.end(true, () => resolve()))
  }

  async #attempt(timeoutMs: number, first: boolean): Promise<void> {
    this.#stop.signal.throwIfAborted()
    const client = mqtt.connect(this.#options.url, this.#clientOptions(timeoutMs))
    this.#client = client
    noDelay(client)
    client.on('message', (topic, payload, { retain }) => this.#events.message(topic, payload, retain))
    try {
      await connected(client)
      await this.#subscribe(client, first)
    } catch (cause) {
      client.end(true)
      throw cause
    }
    this.#stop.signal.throwIfAborted()
    this.#failures = 0
    this.#isUp = true
    client.once('close', () => this.#lost(client))
    client.publish(this.#statusTopic, SERVER_ONLINE, { qos: 1, retain: true })
    this.#events.up(client)
  }

  async #subscribe(client: MqttClient, first: boolean): Promise<void> {
    const { group } = this.#options
    const requests = requestTopic(this.#settings.topicPrefix, '+')
    if (group !== undefined && first) await proveSharedSubscriptions(client, `${this.#statusTopic}/probe`)
    const filter = group === undefined ? requests : `$share/${group}/${requests}`
    await client.subscribeAsync(filter, { qos: this.#settings.qos.request }).catch((cause: unknown) => {
      throw isSubackRefusal(cause) ? new BrokerRefusal(`it may not subscribe to ${filter}`, { cause }) : cause
    })
  }

  #lost(client: MqttClient): void {
    if (this.#stop.signal.aborted || client !== this.#client) return
    this.#isUp = false
    client.end(true)
    this.#settings.logger.warn({ broker: this.#name() }, 'lost the broker')
    this.#events.down()
    this.#reconnectLater()
  }

  #reconnectLater(): void {
    const { maxReconnect } = this.#options
    const { logger } = this.#settings
    if (maxReconnect !== undefined && this.#failures >= maxReconnect) {
      logger.error({ broker: this.#name(), attempts: this.#failures }, 'gave the broker up')
      return
    }
    this.#timer = setTimeout(() => {
      this.#attempt(this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, false).then(
        () => logger.info({ broker: this.#name() }, 'the broker is back'),
        (error: unknown) => {
          if (this.#stop.signal.aborted) return
          logger.warn({ broker: this.#name(), error }, 'could not reach the broker')
          this.#reconnectLater()
        },
      )
    }, this.#nextDelayMs())
  }

  #nextDelayMs(): number {
    const firstMs = this.#options.reconnectDelayMs ?? RECONNECT_DELAY_MS
    const longestMs = Math.min(firstMs * 2 ** this.#failures, MAX_RECONNECT_DELAY_MS)
    this.#failures += 1
    return longestMs * (0.5 + Math.random() / 2)
  }

  #clientOptions(timeoutMs: number): IClientOptions {
    const { username, password, clean, keepAliveSeconds, tls } = this.#options
    return {
      ...tls,
      clientId: this.#clientId,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      clean: clean ?? true,
      keepalive: keepAliveSeconds ?? 60,
      connectTimeout: timeoutMs,
      protocolVersion: 4,
      reconnectPeriod: 0,
      resubscribe: false,
      will: { topic: this.#statusTopic, payload: Buffer.from(SERVER_OFFLINE), qos: 1, retain: true },
    }
  }

  /** Those who listen hear that the server goes; nothing is left behind for those who come later. */
  async #sayGoodbye(client: MqttClient): Promise<void> {
    await client.publishAsync(this.#statusTopic, SERVER_OFFLINE, { qos: 1 })
    await client.publishAsync(this.#statusTopic, '', { qos: 1, retain: true })
    await client.endAsync()
  }

  #explained(cause: unknown, timeoutMs: number): Error {
    const reason = cause instanceof Error ? cause.message || ('code' in cause && String(cause.code)) : String(cause)
    const what = isRefusal(cause) ? 'refused this server' : `did not answer within ${timeoutMs} ms`
    return new Error(`the broker ${this.#name()} ${what}: ${reason}`, { cause })
  }

  /** The broker without what its URL may say of passwords. */
  #name(): string {
    const { url } = this.#options
    return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : 'at an unreadable url'
  }
}

/** The broker answered, and trying again would not change its mind. */
class BrokerRefusal extends Error {}

/** mqtt.js hands on the SUBACK that it did not like. */
const isSubackRefusal = (cause: unknown): boolean =>
  cause instanceof Error && 'packet' in cause && cause.packet !== undefined

/** A CONNACK with a return code is one, too. */
const isRefusal = (cause: unknown): boolean =>
  cause instanceof BrokerRefusal || (cause instanceof Error && 'code' in cause && typeof cause.code === 'number')

/** Resolves on CONNACK; rejects when the connection fails before. The client keeps an error listener for good. */
function connected(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('error', reject)
    client.once('close', () => reject(new Error('the connection was closed')))
    client.once('connect', () => resolve())
  })
}

/** Without this a request and its reply at QoS 1 take 44 ms: Nagle's algorithm waits for a delayed ACK. */
function noDelay({ stream }: MqttClient): void {
  if ('setNoDelay' in stream && typeof stream.setNoDelay === 'function') stream.setNoDelay(true)
}

/** Waits for something that nobody needs: its failure, or its lateness, is no matter. */
async function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs)
  })
  await Promise.race([work.catch(() => {}), late])
  clearTimeout(timer)
}
