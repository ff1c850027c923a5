import { isUtf8 } from 'node:buffer'
import { PACKET } from './packet.ts'

/*
 * What MQTT 3.1.1 says ends a connection, and the broker behind does not look at. Lengths that run over the end of
 * their packet it does look at.
 */

/** The protocol names, and the levels that each may have. */
const LEVELS: Readonly<Record<string, (level: number) => boolean>> = {
  MQIsdp: (level) => level === 3,
  MQTT: (level) => level !== 3,
}

/** What is wrong with a packet that is not a message, or undefined. */
export function malformed(frame: Buffer, bodyStart: number): string | undefined {
  switch ((frame[0] ?? 0) >> 4) {
    case PACKET.CONNECT:
      return ofConnect(frame, bodyStart)
    case PACKET.SUBSCRIBE:
      return ofFilters(frame, bodyStart, 1)
    case PACKET.UNSUBSCRIBE:
      return ofFilters(frame, bodyStart, 0)
    default:
      // A PINGREQ and a DISCONNECT are two bytes. [MQTT-2.2.2-2]
      return frame.length === bodyStart && ((frame[0] ?? 0) & 0xf) === 0 ? undefined : 'malformed packet'
  }
}

/** Is this UTF-8 without U+0000? [MQTT-1.5.3-1] [MQTT-1.5.3-2] */
export const isText = (bytes: Uint8Array): boolean => isUtf8(bytes) && !bytes.includes(0)

function ofConnect(frame: Buffer, bodyStart: number): string | undefined {
  if (frame.length < bodyStart + 2) return undefined
  const nameEnd = bodyStart + 2 + frame.readUInt16BE(bodyStart)
  const level = frame[nameEnd] ?? 0
  const flags = frame[nameEnd + 1] ?? 0
  const levels = LEVELS[frame.toString('latin1', bodyStart + 2, nameEnd)]
  if (levels?.(level) === false) return 'a protocol level that its name has not'
  if ((flags & 0x18) === 0x18) return 'a will of QoS 3' // [MQTT-3.1.2-14]
  if ((flags & 0xc0) === 0x40) return 'a password without a user name' // [MQTT-3.1.2-22]
  return undefined
}

/** Filters follow the packet id, each with `extra` bytes after it. */
function ofFilters(frame: Buffer, bodyStart: number, extra: number): string | undefined {
  if (frame.length < bodyStart + 2) return 'no packet id'
  if (frame.readUInt16BE(bodyStart) === 0) return 'packet id 0' // [MQTT-2.3.1-1]
  for (let at = bodyStart + 2; at + 2 <= frame.length; ) {
    const end = at + 2 + frame.readUInt16BE(at)
    if (!isText(frame.subarray(at + 2, end))) return 'a filter that is no text' // [MQTT-3.8.3-1]
    at = end + extra
  }
  return undefined
}
