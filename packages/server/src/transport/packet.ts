import { bytesOf, type Payload, type Qos } from './transport.ts'

/** The control packets a client may send, and the few that are written here, by the number on the wire. [MQTT-2.2.1] */
export const PACKET = {
  CONNECT: 1,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  UNSUBSCRIBE: 10,
  PINGREQ: 12,
  DISCONNECT: 14,
} as const

/** The answer to a PINGREQ. */
export const PINGRESP: Buffer = Buffer.from([0xd0, 0])

/** A PUBLISH frame taken apart: offsets into the frame, nothing copied. */
export interface PublishFrame {
  readonly qos: Qos
  readonly retain: boolean
  readonly topicStart: number
  readonly topicEnd: number
  /** 0 at QoS 0. */
  readonly packetId: number
  readonly payloadStart: number
}

/** Takes a whole PUBLISH frame apart; undefined when it is malformed and the connection must be closed. */
export function readPublish(frame: Buffer, bodyStart: number): PublishFrame | undefined {
  const flags = frame[0] ?? 0
  const qos = (flags >> 1) & 3
  const topicStart = bodyStart + 2
  if (topicStart > frame.length || !isQos(qos)) return undefined
  const topicEnd = topicStart + frame.readUInt16BE(bodyStart)
  const payloadStart = qos === 0 ? topicEnd : topicEnd + 2
  if (payloadStart > frame.length || topicEnd === topicStart) return undefined
  const packetId = qos === 0 ? 0 : frame.readUInt16BE(topicEnd)
  if (qos !== 0 && packetId === 0) return undefined // [MQTT-2.3.1-1]
  return { qos, retain: (flags & 1) === 1, topicStart, topicEnd, packetId, payloadStart }
}

export const isPublish = (frame: Buffer): boolean => (frame[0] ?? 0) >> 4 === PACKET.PUBLISH

/** The topic of a PUBLISH frame that was written here. */
export function topicOf(frame: Buffer): string {
  let bodyStart = 2
  while (((frame[bodyStart - 1] ?? 0) & 0x80) !== 0) bodyStart += 1
  const topicStart = bodyStart + 2
  return frame.toString('utf8', topicStart, topicStart + frame.readUInt16BE(bodyStart))
}

/** The packet id of a PUBLISH frame that was written here; 0 at QoS 0. */
export function packetIdOf(frame: Buffer): number {
  if ((((frame[0] ?? 0) >> 1) & 3) === 0) return 0
  let bodyStart = 2
  while (((frame[bodyStart - 1] ?? 0) & 0x80) !== 0) bodyStart += 1
  return frame.readUInt16BE(bodyStart + 2 + frame.readUInt16BE(bodyStart))
}

const isQos = (qos: number): qos is Qos => qos < 3

/** A PUBLISH frame, not retained. `packetId` is ignored at QoS 0. */
export function encodePublish(topic: string, payload: Payload, qos: Qos, packetId: number): Buffer {
  const topicBytes = Buffer.byteLength(topic)
  const payloadBytes = bytesOf(payload)
  const bodyBytes = 2 + topicBytes + (qos === 0 ? 0 : 2) + payloadBytes
  const frame = Buffer.allocUnsafe(1 + lengthBytes(bodyBytes) + bodyBytes)
  frame[0] = (PACKET.PUBLISH << 4) | (qos << 1)
  let at = writeLength(frame, bodyBytes)
  at = frame.writeUInt16BE(topicBytes, at)
  at += frame.write(topic, at)
  if (qos !== 0) at = frame.writeUInt16BE(packetId, at)
  writePayload(frame, payload, at)
  return frame
}

function writePayload(frame: Buffer, payload: Payload, at: number): void {
  if (typeof payload === 'string') frame.write(payload, at)
  else if (payload instanceof Uint8Array) frame.set(payload, at)
  else {
    let next = at
    for (const part of payload) {
      frame.set(part, next)
      next += part.length
    }
  }
}

/** A PUBACK, PUBREC, PUBREL or PUBCOMP. */
export function encodeAcknowledgement(type: number, packetId: number): Buffer {
  const frame = Buffer.allocUnsafe(4)
  frame[0] = (type << 4) | (type === PACKET.PUBREL ? 2 : 0) // [MQTT-3.6.1-1]
  frame[1] = 2
  frame[2] = packetId >> 8
  frame[3] = packetId & 0xff
  return frame
}

/** The packet id of a PUBACK, PUBREC, PUBREL or PUBCOMP; undefined when the frame is malformed. */
export function readAcknowledgement(frame: Buffer): number | undefined {
  const flags = (frame[0] ?? 0) & 0xf
  const expected = (frame[0] ?? 0) >> 4 === PACKET.PUBREL ? 2 : 0
  if (frame.length !== 4 || flags !== expected) return undefined
  return frame.readUInt16BE(2) || undefined
}

const lengthBytes = (length: number): number => (length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4)

function writeLength(frame: Buffer, length: number): number {
  let at = 1
  let rest = length
  do {
    const digit = rest & 0x7f
    rest >>>= 7
    frame[at] = rest > 0 ? digit | 0x80 : digit
    at += 1
  } while (rest > 0)
  return at
}
