import { connect, type Socket } from 'node:net'
import {
  encodeAcknowledgement,
  encodePublish,
  PACKET,
  readPublish,
} from '../../packages/server/src/transport/packet.ts'

const REFUSED = '"success":false'

/**
 * An MQTT client that does little else than ask and count, so that what is measured is the server: QoS 1 both ways,
 * acknowledgements and the next requests in one write.
 */
export class MqttLoad {
  readonly #socket: Socket
  readonly #topic: string
  #chunks: Buffer[] = []
  #bytes = 0
  #packetId = 0
  #answered: ((payload: Buffer) => void) | undefined
  readonly #notified: ((payload: Buffer) => void) | undefined
  readonly #heard: ((reply: string) => void) | undefined
  #failed: ((reason: Error) => void) | undefined
  #outgoing: Buffer[] = []
  #controls: (() => void)[] = []

  private constructor(
    socket: Socket,
    topic: string,
    notified: ((payload: Buffer) => void) | undefined,
    heard: ((reply: string) => void) | undefined,
  ) {
    this.#socket = socket
    this.#topic = topic
    this.#notified = notified
    this.#heard = heard
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('close', () => this.#failed?.(new Error('the server closed the connection')))
  }

  /** Connects under a client id and subscribes to its responses; to its notifications too, if `notified` wants them. */
  static async connect(
    port: number,
    clientId: string,
    notified?: (payload: Buffer) => void,
    heard?: (reply: string) => void,
  ): Promise<MqttLoad> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const load = new MqttLoad(socket, `spec/${clientId}/request`, notified, heard)
    await load.#control(connectPacket(clientId))
    await load.#control(subscribePacket(`spec/${clientId}/response`))
    if (notified) await load.#control(subscribePacket(`spec/${clientId}/notify/+`))
    return load
  }

  /** Keeps `outstanding` requests under way until `next` gives no more. Resolves when all of them are answered. */
  run(outstanding: number, next: () => string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      let waiting = 0
      const ask = (): void => {
        const message = next()
        if (message === undefined) return
        waiting += 1
        this.#publish(message)
      }
      this.#answered = (payload) => {
        waiting -= 1
        this.#heard?.(payload.toString())
        const head = payload.toString('latin1', 0, 200)
        if (head.includes(REFUSED)) reject(new Error(`refused: ${payload.toString('utf8', 0, 400)}`))
        ask()
        if (waiting === 0) resolve()
      }
      this.#failed = reject
      for (let started = 0; started < outstanding; started += 1) ask()
      this.#flush()
    })
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #control(packet: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#controls.push(resolve)
      this.#socket.write(packet)
    })
  }

  #publish(message: string): void {
    this.#packetId = (this.#packetId % 65_535) + 1
    this.#outgoing.push(encodePublish(this.#topic, message, 1, this.#packetId))
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return
    this.#socket.write(Buffer.concat(this.#outgoing))
    this.#outgoing = []
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    for (let frame = this.#frame(); frame; frame = this.#frame()) this.#handle(frame.bytes, frame.bodyStart)
    this.#flush()
  }

  /** The next whole frame. Chunks are joined only once a frame is complete: a large one comes in many. */
  #frame(): { readonly bytes: Buffer; readonly bodyStart: number } | undefined {
    if (this.#bytes < 2) return undefined
    if ((this.#chunks[0]?.length ?? 0) < 5 && this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    const head = this.#chunks[0]
    const length = head && frameLength(head)
    if (!length || this.#bytes < length.total) return undefined
    const all = this.#chunks.length === 1 ? head : Buffer.concat(this.#chunks)
    this.#bytes -= length.total
    this.#chunks = this.#bytes > 0 ? [all.subarray(length.total)] : []
    return { bytes: all.subarray(0, length.total), bodyStart: length.bodyStart }
  }

  #handle(frame: Buffer, bodyStart: number): void {
    const type = (frame[0] ?? 0) >> 4
    if (type === CONNACK || type === SUBACK) this.#controls.shift()?.()
    if (type !== PACKET.PUBLISH) return
    const publish = readPublish(frame, bodyStart)
    if (!publish) throw new Error('the server sent a malformed PUBLISH')
    if (publish.qos > 0) this.#outgoing.push(encodeAcknowledgement(PACKET.PUBACK, publish.packetId))
    const payload = frame.subarray(publish.payloadStart)
    const isNotified =
      this.#notified && frame.toString('latin1', publish.topicStart, publish.topicEnd).includes('/notify/')
    if (isNotified) this.#notified?.(payload)
    else this.#answered?.(payload)
  }
}

const CONNACK = 2
const SUBACK = 9

function frameLength(bytes: Buffer): { readonly total: number; readonly bodyStart: number } | undefined {
  let length = 0
  for (let index = 1; index < Math.min(bytes.length, 5); index += 1) {
    const digit = bytes[index] ?? 0
    length += (digit & 0x7f) * 128 ** (index - 1)
    if ((digit & 0x80) === 0) return { total: index + 1 + length, bodyStart: index + 1 }
  }
  return undefined
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

const packet = (first: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([first, body.length]), body])
}

const connectPacket = (clientId: string): Buffer =>
  packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 0]), text(clientId))

const subscribePacket = (topic: string): Buffer => packet(0x82, Buffer.from([0, 1]), text(topic), Buffer.from([1]))
