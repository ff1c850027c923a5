import type { BrokerAcl } from './broker-acl.ts'
import type { OversizedPublish } from './frame-guard.ts'
import { isText } from './malformed.ts'
import { encodeAcknowledgement, PACKET, type PublishFrame, readAcknowledgement, readPublish } from './packet.ts'
import { RefusalCount } from './refusal-count.ts'
import type { Session, SessionConnection } from './session.ts'
import type { RefusedPublish, TransportReceiver } from './transport.ts'

/** What the exchanges of all connections share. */
export interface ExchangeContext {
  readonly acl: BrokerAcl
  readonly maxRequestBytes: number
  readonly receiver: Pick<TransportReceiver, 'message' | 'refused'>
}

/** QoS 2 messages of one client that were received and not released: more is a flood, not a window. */
const MAX_INCOMING = 1_000

/**
 * What a connected client publishes and acknowledges. Every PUBLISH is acknowledged at once, allowed or not: a client
 * whose connection is closed instead sends the same message again for ever. A QoS 2 message is handed on when it
 * arrives, and known by its packet id until the client releases it. [MQTT-4.3.3]
 */
export class MessageExchange {
  readonly #session: Session
  readonly #connection: SessionConnection
  readonly #context: ExchangeContext
  readonly #ownTopic: string
  readonly #ownTopicBytes: Buffer
  readonly #refusals = new RefusalCount()

  constructor(session: Session, requestTopic: string, connection: SessionConnection, context: ExchangeContext) {
    this.#session = session
    this.#connection = connection
    this.#context = context
    this.#ownTopic = requestTopic
    this.#ownTopicBytes = Buffer.from(requestTopic)
  }

  /** Takes a PUBLISH that was small enough to keep. */
  publish(frame: Buffer, bodyStart: number): void {
    const publish = readPublish(frame, bodyStart)
    if (!publish) this.#connection.end('malformed PUBLISH')
    else if (this.#isOwnTopic(frame, publish)) this.#request(frame, publish)
    else this.#other(frame, publish)
  }

  /** Takes what is left of a PUBLISH that was too large to keep. */
  oversized({ qos, packetId, topic }: OversizedPublish): void {
    if (qos > 2 || (qos > 0 && packetId === 0)) this.#connection.end('malformed PUBLISH')
    else if (this.#acknowledge(qos, packetId)) this.#refuse('too-large', topic.toString(), NOTHING)
  }

  /** Takes a PUBACK, PUBREC, PUBREL or PUBCOMP. */
  acknowledgement(type: number, frame: Buffer): void {
    const packetId = readAcknowledgement(frame)
    if (packetId === undefined) this.#connection.end('malformed acknowledgement')
    else if (type === PACKET.PUBREC) this.#connection.send(this.#session.received(packetId))
    else if (type !== PACKET.PUBREL) this.#session.acknowledged(packetId)
    else {
      this.#session.incoming.delete(packetId)
      this.#connection.send(encodeAcknowledgement(PACKET.PUBCOMP, packetId))
    }
  }

  #request(frame: Buffer, { qos, packetId, retain, payloadStart }: PublishFrame): void {
    if (!this.#acknowledge(qos, packetId)) return
    const payload = frame.subarray(payloadStart)
    if (retain) this.#refuse('retained', this.#ownTopic, payload)
    else if (payload.length > this.#context.maxRequestBytes) this.#refuse('too-large', this.#ownTopic, NOTHING)
    else this.#context.receiver.message({ clientId: this.#session.clientId, payload })
  }

  #other(frame: Buffer, { qos, packetId, topicStart, topicEnd, payloadStart }: PublishFrame): void {
    const bytes = frame.subarray(topicStart, topicEnd)
    const topic = bytes.toString()
    if (!isText(bytes)) this.#connection.end('a topic that is no text')
    else if (/[+#]/.test(topic))
      this.#connection.end('wildcard in the topic of a PUBLISH') // [MQTT-3.3.2-2]
    else if (this.#acknowledge(qos, packetId) && !this.#isOwnStatus(topic)) {
      this.#refuse('topic', topic, frame.subarray(payloadStart))
    }
  }

  #isOwnTopic(frame: Buffer, { topicStart, topicEnd }: PublishFrame): boolean {
    const own = this.#ownTopicBytes
    return topicEnd - topicStart === own.length && frame.compare(own, 0, own.length, topicStart, topicEnd) === 0
  }

  /** A client may tell its status. Nobody can hear it here, where who is connected is known without. */
  #isOwnStatus(topic: string): boolean {
    return this.#context.acl.publishing(this.#session.clientId, topic) === 'status'
  }

  /** Acknowledges a PUBLISH; false when it was carried out before, or there are too many. */
  #acknowledge(qos: number, packetId: number): boolean {
    if (qos === 1) this.#connection.send(encodeAcknowledgement(PACKET.PUBACK, packetId))
    if (qos !== 2) return true
    const { incoming } = this.#session
    const known = incoming.has(packetId) // [MQTT-4.3.3-2]
    if (!known && incoming.size >= MAX_INCOMING) {
      this.#connection.end('too many QoS 2 messages that were never released')
      return false
    }
    incoming.add(packetId)
    this.#connection.send(encodeAcknowledgement(PACKET.PUBREC, packetId))
    return !known
  }

  /** Reports what was not carried out. What is too large costs its sender more than us, and is not held against it. */
  #refuse(reason: RefusedPublish['reason'], topic: string, payload: Uint8Array): void {
    this.#context.receiver.refused({ clientId: this.#session.clientId, topic, payload, reason })
    if (reason !== 'too-large' && this.#refusals.add(Date.now())) this.#connection.end('refused too often')
  }
}

const NOTHING = new Uint8Array(0)
