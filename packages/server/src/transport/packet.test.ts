import mqttPacket, { type IPublishPacket } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { encodeAcknowledgement, encodePublish, PACKET, readAcknowledgement, readPublish } from './packet.ts'

const parsed = (frame: Buffer): IPublishPacket => {
  const parser = mqttPacket.parser()
  const packets: IPublishPacket[] = []
  parser.on('packet', (packet) => packets.push(packet as IPublishPacket))
  parser.parse(frame)
  const [packet] = packets
  if (!packet) throw new Error('not a packet')
  return packet
}

describe('encodePublish', () => {
  it('writes what another implementation reads, at every length of the length', () => {
    for (const bytes of [0, 1, 100, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      for (const qos of [0, 1, 2] as const) {
        const packet = parsed(encodePublish('spec/é/response', 'x'.repeat(bytes), qos, 513))
        expect(packet).toMatchObject({ cmd: 'publish', topic: 'spec/é/response', qos, retain: false, dup: false })
        expect(packet.payload).toHaveLength(bytes)
        if (qos > 0) expect(packet.messageId).toBe(513)
      }
    }
  })

  it('sends a string as UTF-8, and bytes as they are', () => {
    expect(parsed(encodePublish('t', 'žluť 🐎', 1, 1)).payload.toString()).toBe('žluť 🐎')
    expect([...(parsed(encodePublish('t', new Uint8Array([0, 255]), 1, 1)).payload as Buffer)]).toEqual([0, 255])
  })
})

describe('readPublish', () => {
  it('finds topic, id and payload of what another implementation writes', () => {
    for (const qos of [0, 1, 2] as const) {
      const frame = mqttPacket.generate({
        cmd: 'publish',
        topic: 'a/b',
        qos,
        messageId: 9,
        payload: 'hi',
        dup: false,
        retain: true,
      })
      const read = readPublish(frame, 2)
      expect(read).toMatchObject({ qos, retain: true, packetId: qos === 0 ? 0 : 9 })
      expect(frame.toString('utf8', read?.topicStart, read?.topicEnd)).toBe('a/b')
      expect(frame.toString('utf8', read?.payloadStart)).toBe('hi')
    }
  })

  it('refuses QoS 3, a packet id of 0, an empty topic, and a topic that runs over the end', () => {
    for (const frame of [
      [0x36, 5, 0, 1, 97, 0, 1],
      [0x32, 5, 0, 1, 97, 0, 0],
      [0x30, 2, 0, 0],
      [0x30, 3, 0, 2, 97],
      [0x32, 4, 0, 1, 97, 0],
      [0x30, 1, 0],
      [0x30, 0],
    ]) {
      expect(readPublish(Buffer.from(frame), 2)).toBeUndefined()
    }
  })
})

describe('acknowledgements', () => {
  it('go out and come back, and are refused when malformed', () => {
    for (const type of [PACKET.PUBACK, PACKET.PUBREC, PACKET.PUBREL, PACKET.PUBCOMP]) {
      expect(readAcknowledgement(encodeAcknowledgement(type, 65_535))).toBe(65_535)
      expect(readAcknowledgement(Buffer.from([(type << 4) | 1, 2, 0, 1]))).toBeUndefined()
      expect(readAcknowledgement(encodeAcknowledgement(type, 0))).toBeUndefined()
    }
    expect(readAcknowledgement(Buffer.from([0x40, 1, 1]))).toBeUndefined()
  })
})
