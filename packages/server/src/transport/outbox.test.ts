import { describe, expect, it } from 'vitest'
import { Outbox } from './outbox.ts'
import { encodePublish } from './packet.ts'

const held = () => ({ bytes: 0, maxBytes: 1_000 })
const message = (text: string) => (packetId: number) => encodePublish('t', text, 1, packetId)

describe('Outbox', () => {
  it('sends again what was not acknowledged, oldest first, marked as sent before', () => {
    const outbox = new Outbox(true, held())
    for (const text of ['a', 'b', 'c']) outbox.add(message(text))
    outbox.acknowledged(2)
    outbox.connectionLost()
    outbox.add(message('d'))
    const again = [...outbox.unacknowledged()]
    expect(again.map((frame) => frame.at(-1))).toEqual([97, 99, 100])
    expect(again.map((frame) => frame[0])).toEqual([0x3a, 0x3a, 0x32])
  })

  it('sends PUBREL again once the client has a QoS 2 message, and no longer the message', () => {
    const outbox = new Outbox(true, held())
    outbox.add((packetId) => encodePublish('t', 'a', 2, packetId))
    expect([...outbox.received(1)]).toEqual([0x62, 2, 0, 1])
    outbox.connectionLost()
    expect([...outbox.unacknowledged()].map((frame) => [...frame])).toEqual([[0x62, 2, 0, 1]])
    outbox.acknowledged(1)
    expect(outbox.size).toBe(0)
    expect([...outbox.received(9)]).toEqual([0x62, 2, 0, 9])
    expect(outbox.size).toBe(0)
  })

  it('keeps no bytes for a session that ends with its connection', () => {
    const shared = held()
    const outbox = new Outbox(false, shared)
    outbox.add(message('a'))
    expect([outbox.size, outbox.bytes, shared.bytes]).toEqual([1, 0, 0])
    expect([...outbox.unacknowledged()]).toEqual([])
  })

  it('counts what all sessions hold, and gives it back', () => {
    const shared = held()
    const [a, b] = [new Outbox(true, shared), new Outbox(true, shared)]
    a.add(message('x'.repeat(990)))
    expect(b.hasRoom(10, 10)).toBe(true)
    b.add(message('y'))
    expect(b.hasRoom(10, 10_000)).toBe(false)
    a.acknowledged(1)
    b.clear()
    expect(shared.bytes).toBe(0)
  })

  it('goes through all packet ids, never uses 0, and none that is waiting', () => {
    const outbox = new Outbox(false, held())
    const ids: number[] = []
    const use = () =>
      void outbox.add((packetId) => {
        ids.push(packetId)
        return Buffer.alloc(0)
      })
    use()
    for (let n = 0; n < 65_534; n += 1) {
      use()
      outbox.acknowledged(ids.at(-1) ?? 0)
    }
    use()
    expect(Math.min(...ids.slice(0, 3))).toBe(1)
    expect(new Set(ids.slice(0, 65_535)).size).toBe(65_535)
    expect(ids.at(-1)).toBe(2)
  })
})
