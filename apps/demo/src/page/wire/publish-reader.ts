/** An MQTT PUBLISH as it was on the wire. */
export interface Published {
  readonly topic: string
  readonly payload: string
}

const PUBLISH = 3
const text = new TextDecoder()

/**
 * Finds the PUBLISH packets in a stream of MQTT 3.1.1 bytes, however it is cut into pieces, and passes over all other
 * packets.
 */
export class PublishReader {
  #rest: Uint8Array = new Uint8Array()

  /** The packets that end in these bytes. */
  read(bytes: Uint8Array): Published[] {
    let rest = joined(this.#rest, bytes)
    const found: Published[] = []
    for (let size = packetSize(rest); size && rest.length >= size.end; size = packetSize(rest)) {
      const first = rest[0] ?? 0
      if (first >> 4 === PUBLISH) found.push(published(rest.subarray(size.start, size.end), (first >> 1) & 3))
      rest = rest.subarray(size.end)
    }
    this.#rest = rest.slice()
    return found
  }
}

function published(body: Uint8Array, qos: number): Published {
  const topicEnd = 2 + ((body[0] ?? 0) << 8) + (body[1] ?? 0)
  return {
    topic: text.decode(body.subarray(2, topicEnd)),
    payload: text.decode(body.subarray(topicEnd + (qos ? 2 : 0))),
  }
}

/** Where the packet's body starts and ends; undefined until its length is there. [MQTT-2.2.3] */
function packetSize(bytes: Uint8Array): { start: number; end: number } | undefined {
  let length = 0
  for (let index = 1; index <= 4; index += 1) {
    const byte = bytes[index]
    if (byte === undefined) return undefined
    length += (byte & 127) * 128 ** (index - 1)
    if (byte < 128) return { start: index + 1, end: index + 1 + length }
  }
  return undefined
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail
  const both = new Uint8Array(head.length + tail.length)
  both.set(head)
  both.set(tail, head.length)
  return both
}
