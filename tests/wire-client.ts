import type { Socket } from 'node:net'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'

/** One message as it came. */
export interface Arrived {
  readonly topic: string
  readonly payload: unknown
}

/** A plain MQTT client of the protocol, as somebody in another language would write one: topics and JSON only. */
export class WireClient implements AsyncDisposable {
  readonly clientId: string
  readonly arrived: Arrived[] = []
  readonly mqtt: MqttClient
  readonly #prefix: string
  readonly #responses: unknown[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(client: MqttClient, clientId: string, prefix: string) {
    this.mqtt = client
    this.clientId = clientId
    this.#prefix = prefix
    client.on('message', (topic, payload) => {
      const arrived = { topic, payload: JSON.parse(payload.toString()) }
      this.arrived.push(arrived)
      if (!topic.endsWith('/response')) return
      this.#responses.push(arrived.payload)
      for (const look of this.#waiting) look()
    })
  }

  /** Connects, and listens to its responses and notifications. */
  static async connect(
    url: string,
    clientId: string,
    prefix = 'spec',
    options: IClientOptions = {},
  ): Promise<WireClient> {
    const client = await mqtt.connectAsync(url, { clientId, reconnectPeriod: 0, ...options }, false)
    // Else what follows an acknowledgement waits for one of TCP's, for 40 ms.
    if ('setNoDelay' in client.stream) (client.stream as Socket).setNoDelay(true)
    const wire = new WireClient(client, clientId, prefix)
    await client.subscribeAsync([`${prefix}/${clientId}/response`, `${prefix}/${clientId}/notify/+`], { qos: 1 })
    return wire
  }

  /** Publishes a message, or raw bytes, on the request topic. */
  async send(message: unknown, topic = `${this.#prefix}/${this.clientId}/request`): Promise<void> {
    await this.mqtt.publishAsync(topic, typeof message === 'string' ? message : JSON.stringify(message), { qos: 1 })
  }

  /** Publishes a message and resolves with the next reply. */
  async ask(message: unknown): Promise<Record<string, unknown>> {
    const before = this.#responses.length
    await this.send(message)
    if (this.#responses.length <= before) await this.#nextReply(before)
    return this.#responses[before] as Record<string, unknown>
  }

  /** All replies so far. */
  get responses(): readonly unknown[] {
    return [...this.#responses]
  }

  /** All notifications so far. */
  get notifications(): readonly Arrived[] {
    return this.arrived.filter(({ topic }) => topic.includes('/notify/'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mqtt.endAsync(true)
  }

  /** Resolves when there are more replies than so many. */
  #nextReply(before: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (end: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        end()
      }
      const look = (): void => {
        if (this.#responses.length > before) over(resolve)
      }
      const timer = setTimeout(() => over(() => reject(new Error('there was no reply within 15 s'))), 15_000)
      this.#waiting.add(look)
    })
  }
}
