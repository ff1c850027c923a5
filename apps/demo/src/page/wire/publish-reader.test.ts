import { describe, expect, it } from 'vitest'
import { PublishReader } from './publish-reader.ts'

const encode = new TextEncoder()

function publish(topic: string, payload: string, qos: 0 | 1): number[] {
  const name = encode.encode(topic)
  const id = qos ? [0, 7] : []
  const body = [name.length >> 8, name.length & 255, ...name, ...id, ...encode.encode(payload)]
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7]
  return [0x30 | (qos << 1), ...length, ...body]
}

const PUBACK = [0x40, 2, 0, 7]

describe('PublishReader', () => {
  it('finds the publishes among other packets, with and without a packet id', () => {
    const bytes = [...PUBACK, ...publish('spec/me/request', '{"id":"1"}', 1), ...PUBACK, ...publish('t', 'é', 0)]
    expect(new PublishReader().read(Uint8Array.from(bytes))).toEqual([
      { topic: 'spec/me/request', payload: '{"id":"1"}' },
      { topic: 't', payload: 'é' },
    ])
  })

  it('puts packets together that arrive byte by byte, also long ones', () => {
    const long = 'x'.repeat(300)
    const reader = new PublishReader()
    const found = [...publish('a', long, 1), ...publish('b', '2', 0)].flatMap((byte) =>
      reader.read(Uint8Array.of(byte)),
    )
    expect(found).toEqual([
      { topic: 'a', payload: long },
      { topic: 'b', payload: '2' },
    ])
  })
})
