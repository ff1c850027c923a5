import { connect, type Socket } from 'node:net'
import mqttPacket, { type IConnectPacket, type Packet } from 'mqtt-packet'
import { until } from './until.ts'

/** A client that says exactly what a test wants, over a plain socket. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  /** What came back, in order. */
  readonly packets: Packet[] = []
  closed = false
  #packetId = 0

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const parser = mqttPacket.parser()
    parser.on('packet', (packet) => this.packets.push(packet))
    this.socket.on('data', (chunk) => parser.parse(chunk))
    this.socket.on('error', () => {}) // being cut off is what many tests are about
    this.socket.on('close', () => {
      this.closed = true
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes)
  }

  send(packet: Packet): void {
    this.socket.write(mqttPacket.generate(packet))
  }

  /** Sends CONNECT and resolves with the return code of the answer. */
  async connect(clientId: string, more: Partial<IConnectPacket> = {}): Promise<number> {
    this.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, clientId, ...more })
    const connack = await this.next('connack')
    return connack.returnCode ?? -1
  }

  /** Subscribes and resolves with the granted QoS levels, or 128 for a refusal. */
  async subscribe(topics: readonly string[], qos: 0 | 1 | 2 = 1): Promise<number[]> {
    const messageId = this.nextId()
    this.send({ cmd: 'subscribe', messageId, subscriptions: topics.map((topic) => ({ topic, qos })) })
    const suback = await this.next('suback')
    return suback.granted as number[]
  }

  publish(
    topic: string,
    payload: string,
    qos: 0 | 1 | 2 = 1,
    more: { retain?: boolean; messageId?: number } = {},
  ): number {
    const messageId = more.messageId ?? this.nextId()
    this.send({ cmd: 'publish', topic, payload, qos, dup: false, retain: more.retain ?? false, messageId })
    return messageId
  }

  nextId(): number {
    this.#packetId += 1
    return this.#packetId
  }

  /** The first packet of this kind that was not taken yet; taken by this. */
  next<C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>> {
    return until(() => {
      const at = this.packets.findIndex((packet) => packet.cmd === cmd)
      if (at < 0) return undefined
      const [packet] = this.packets.splice(at, 1)
      return packet as Extract<Packet, { cmd: C }>
    }, `packet ${cmd}`)
  }

  /** Resolves once the broker has answered a ping: everything that was sent before was dealt with. */
  async settled(): Promise<void> {
    this.send({ cmd: 'pingreq' })
    await this.next('pingresp')
  }

  whenClosed(): Promise<true> {
    return until(() => this.closed || undefined, 'the connection is closed', 8_000) as Promise<true>
  }
}
