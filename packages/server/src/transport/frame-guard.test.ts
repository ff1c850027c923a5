import fc from 'fast-check'
import mqttPacket from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { FrameGuard } from './frame-guard.ts'

const BOUNDS = { maxFirstBytes: 100, maxBodyBytes: 1_000, maxSkippedBytes: 5_000 }
const CONNECT = mqttPacket.generate({ cmd: 'connect', clientId: 'a', clean: true, keepalive: 0, protocolVersion: 4 })

/** A guard that writes down what it lets through. */
function guarded(): { guard: FrameGuard; seen: string[]; frames: Buffer[] } {
  const seen: string[] = []
  const frames: Buffer[] = []
  const guard: FrameGuard = new FrameGuard(BOUNDS, {
    frame: (frame) => {
      frames.push(Buffer.from(frame))
      seen.push(`frame ${frame.length}`)
    },
    oversized: ({ qos, topic, packetId }) => seen.push(`oversized ${qos} ${topic} ${packetId}`),
    broken: (reason) => seen.push(`broken ${reason}`),
  })
  return { guard, seen, frames }
}

function publish(payloadBytes: number, qos: 0 | 1 | 2 = 1, topic = 't'): Buffer {
  const payload = Buffer.alloc(payloadBytes, 'x')
  return mqttPacket.generate({ cmd: 'publish', topic, qos, messageId: 7, payload, dup: false, retain: false })
}

const ping = Buffer.from([0xc0, 0])

describe('FrameGuard', () => {
  it('cuts any slicing of the same bytes into the same packets', () => {
    const size = fc.constantFrom(0, 1, 100, 125, 126, 127, 128, 129, 900, 990, 1_200, 4_000)
    const packets = fc.array(fc.tuple(size, fc.constantFrom<0 | 1 | 2>(0, 1, 2), fc.boolean()), { maxLength: 8 })
    fc.assert(
      fc.property(packets, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (wanted, slices) => {
        const frames = [CONNECT, ...wanted.map(([bytes, qos, isPing]) => (isPing ? ping : publish(bytes, qos)))]
        const stream = Buffer.concat(frames)
        const { guard, seen } = guarded()
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + (slices[turn % slices.length] ?? 1)
          guard.push(stream.subarray(at, end))
          at = end
        }
        const kept = (frame: Buffer): boolean => frame.length - (frame.length < 130 ? 2 : 3) <= BOUNDS.maxBodyBytes
        const expected = frames.map((frame) => {
          const qos = ((frame[0] ?? 0) >> 1) & 3
          return kept(frame) ? `frame ${frame.length}` : `oversized ${qos} t ${qos === 0 ? 0 : 7}`
        })
        expect(seen).toEqual(expected)
      }),
    )
  })

  it('takes byte by byte what it takes at once', () => {
    const { guard, frames } = guarded()
    for (const byte of Buffer.concat([CONNECT, ping, publish(300)])) guard.push(Buffer.from([byte]))
    expect(frames).toEqual([CONNECT, ping, publish(300)])
  })

  it('refuses a first packet that announces too much, before any of it is there', () => {
    const { guard, seen } = guarded()
    guard.push(Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f]))
    expect(seen).toEqual(['broken first packet of 200000005 bytes'])
    guard.push(ping)
    expect(seen).toHaveLength(1)
  })

  it('refuses a PUBLISH that is too large to read past, and any other packet that is too large to keep', () => {
    for (const header of [
      [0x30, 0x89, 0x27],
      [0x82, 0xe9, 0x07],
    ]) {
      const { guard, seen } = guarded()
      guard.push(CONNECT)
      guard.push(Buffer.from(header))
      expect(seen[1]).toMatch(/^broken packet of/)
    }
  })

  it('refuses a length of more than four bytes, and a topic that is longer than its packet', () => {
    const endless = guarded()
    endless.guard.push(Buffer.concat([CONNECT, Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff])]))
    expect(endless.seen[1]).toBe('broken malformed length')
    const short = guarded()
    short.guard.push(Buffer.concat([CONNECT, Buffer.from([0x32, 0xd0, 0x0f, 0xff, 0xff]), Buffer.alloc(3_000)]))
    expect(short.seen[1]).toBe('broken malformed PUBLISH')
  })

  it('keeps what follows while it is held, in order', () => {
    const { guard, seen } = guarded()
    guard.push(CONNECT)
    guard.hold()
    guard.push(publish(10))
    guard.push(ping.subarray(0, 1))
    guard.push(Buffer.concat([ping.subarray(1), publish(20)]))
    expect(seen).toHaveLength(1)
    guard.release()
    expect(seen.slice(1)).toEqual([`frame ${publish(10).length}`, 'frame 2', `frame ${publish(20).length}`])
  })

  it('stops within a chunk when it is held by a frame of it', () => {
    const seen: number[] = []
    const guard: FrameGuard = new FrameGuard(BOUNDS, {
      frame: (frame) => {
        seen.push(frame.length)
        guard.hold()
      },
      oversized: () => {},
      broken: () => {},
    })
    guard.push(Buffer.concat([CONNECT, ping, ping]))
    expect(seen).toEqual([CONNECT.length])
    guard.release()
    expect(seen).toEqual([CONNECT.length, 2])
    guard.release()
    expect(seen).toEqual([CONNECT.length, 2, 2])
  })
})
