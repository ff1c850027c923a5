import mqtt, { type MqttClient } from 'mqtt'

/** One client of the checker on the wire: it comes back whenever it is cut off, with a clean session each time. */
export class Link {
  readonly clientId: string
  readonly #client: MqttClient
  readonly #replies = new Map<string, (reply: Reply) => void>()

  constructor(
    port: number,
    clientId: string,
    tenant: string,
    events: { connected(): void; notified(topic: string, payload: never, text: string): void },
  ) {
    this.clientId = clientId
    this.#client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      clientId,
      username: tenant,
      reconnectPeriod: 100,
      connectTimeout: 1_500,
      keepalive: 2,
      queueQoSZero: false,
    })
    this.#client.on('error', () => undefined) // it tries again
    this.#client.on('connect', () => {
      this.#client.subscribe([`spec/${clientId}/response`, `spec/${clientId}/notify/+`], { qos: 1 }, (error) => {
        if (!error) events.connected()
      })
    })
    this.#client.on('message', (topic, payload) => {
      const text = payload.toString()
      const message = JSON.parse(text)
      if (topic.endsWith('/response')) this.#replies.get(message.id)?.(message)
      else events.notified(topic, message as never, text)
    })
  }

  /** Publishes and resolves with the reply, or with undefined when none has come in time. */
  ask(message: { readonly id: string }, timeoutMs: number): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const end = (reply?: Reply) => {
        clearTimeout(timer)
        this.#replies.delete(message.id)
        resolve(reply)
      }
      const timer = setTimeout(end, this.#client.connected ? timeoutMs : 50)
      this.#replies.set(message.id, end)
      if (!this.#client.connected) return
      this.#client.publish(`spec/${this.clientId}/request`, JSON.stringify(message), { qos: 0 })
    })
  }

  end(): Promise<void> {
    return this.#client.endAsync(true)
  }
}

export interface Reply {
  readonly success: boolean
  readonly data?: Record<string, string>
  readonly error?: { readonly code: string }
}
