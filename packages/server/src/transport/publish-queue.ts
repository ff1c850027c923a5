import type { MqttClient } from 'mqtt'
import type { Payload, Qos } from './transport.ts'

/** A message that the broker has not acknowledged. */
interface Pending {
  readonly topic: string
  readonly payload: string | Buffer
  readonly qos: Qos
  readonly acknowledged?: (() => void) | undefined
}

/** From here on `reply` and `notify` resolve only when there is room again. */
const CROWDED = { messages: 1_000, bytes: 1024 * 1024 }
/** From here on messages are dropped. */
const FULL = { messages: 10_000, bytes: 32 * 1024 * 1024 }

/** Messages at QoS 2 that are under way at once: Mosquitto 2.0.11 forgets those over its window of 20. */
const QOS_2_WINDOW = 20

const DONE = Promise.resolve()

/**
 * What is on its way to a broker. While it is away, messages at QoS 1 and 2 wait here within bounds; when it is back,
 * all that it has not acknowledged is sent again, in order. Whose notifications were dropped is told once there is room.
 */
export class PublishQueue {
  readonly #overflowed: (clientId: string) => void
  readonly #pending = new Set<Pending>()
  /** Clients that missed notifications: the next ones are dropped too, until they can be told. */
  readonly #missed = new Set<string>()
  /** Those of them that the broker's client was not given yet. */
  #unsent: Pending[] = []
  #underWay = 0
  #bytes = 0
  #client: MqttClient | undefined
  #waiting: (() => void)[] = []
  #closed = false

  constructor(overflowed: (clientId: string) => void) {
    this.#overflowed = overflowed
  }

  /** Sends a reply. Resolves when there is room for more, or the broker is away. */
  reply(topic: string, payload: Payload, qos: Qos): Promise<void> {
    if (!this.#isFull(qos)) this.#add(topic, payload, qos)
    return this.#room()
  }

  /** Sends a notification as `reply` does; one that is dropped, and all that follow, are made known later. */
  notify(clientId: string, topic: string, payload: Payload, qos: Qos, acknowledged?: () => void): Promise<void> {
    if (this.#isFull(qos)) this.#missed.add(clientId)
    if (!this.#missed.has(clientId)) this.#add(topic, payload, qos, qos > 0 ? acknowledged : undefined)
    return this.#room()
  }

  /** The broker is there. */
  attach(client: MqttClient): void {
    this.#client = client
    this.#underWay = 0
    this.#unsent = [...this.#pending]
    this.#pump(client)
    this.#relieved()
  }

  /** The broker is gone. */
  detach(): void {
    this.#client = undefined
    this.#unsent = []
    for (const pending of this.#pending) if (pending.qos === 0) this.#remove(pending)
    this.#resume()
  }

  /** Takes no more, and waits until the broker has everything, or for so long. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    this.#resume()
    if (!this.#client || this.#pending.size === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
      timer = setTimeout(resolve, timeoutMs)
    })
    clearTimeout(timer)
  }

  #isFull(qos: Qos): boolean {
    if (qos === 0 && !this.#client) return true
    return this.#closed || this.#exceeds(FULL)
  }

  #add(topic: string, payload: Payload, qos: Qos, acknowledged?: () => void): void {
    const pending = { topic, payload: whole(payload), qos, acknowledged }
    this.#pending.add(pending)
    this.#bytes += pending.payload.length
    if (!this.#client) return
    this.#unsent.push(pending)
    this.#pump(this.#client)
  }

  /** Gives the client what it may have now, in order. */
  #pump(client: MqttClient): void {
    for (let next = this.#unsent[0]; next; next = this.#unsent[0]) {
      if (next.qos === 2 && this.#underWay >= QOS_2_WINDOW) return
      this.#unsent.shift()
      this.#publish(client, next)
    }
  }

  #publish(client: MqttClient, pending: Pending): void {
    if (pending.qos === 2) this.#underWay += 1
    client.publish(pending.topic, pending.payload, { qos: pending.qos }, (error) => {
      if (error || client !== this.#client) return // the connection is lost: it is sent again on the next
      if (pending.qos === 2) this.#underWay -= 1
      this.#remove(pending)
      pending.acknowledged?.()
      this.#pump(client)
      this.#relieved()
    })
  }

  #remove(pending: Pending): void {
    if (this.#pending.delete(pending)) this.#bytes -= pending.payload.length
  }

  #relieved(): void {
    if (this.#closed ? this.#pending.size === 0 : !this.#exceeds(CROWDED)) this.#resume()
    if (this.#missed.size === 0 || !this.#client || this.#exceeds(CROWDED)) return
    const missed = [...this.#missed]
    this.#missed.clear()
    for (const clientId of missed) this.#overflowed(clientId)
  }

  #exceeds(bounds: { messages: number; bytes: number }): boolean {
    return this.#pending.size >= bounds.messages || this.#bytes >= bounds.bytes
  }

  #room(): Promise<void> {
    if (!this.#client || this.#closed || !this.#exceeds(CROWDED)) return DONE
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #resume(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

function whole(payload: Payload): string | Buffer {
  if (typeof payload === 'string') return payload
  return payload instanceof Uint8Array ? Buffer.from(payload) : Buffer.concat(payload)
}
