import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { defineSpec, type Server } from '@mqttspec/server'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PlainBroker, startPlainBroker } from '../../packages/server/src/transport/testing/plain-broker.ts'

/*
 * fault F20: sequences of MQTT packets, most of them wrong, in the manner of the packet tests that brokers are held to.
 * Each says what MQTT 3.1.1 has a server do. The same ones are sent at a bare aedes: what that one does right, the
 * embedded broker has to do as well.
 */

// ── Packets, byte by byte ──────────────────────────────────────────────────────────────────────────────────────────

type Bytes = readonly number[]

const text = (value: string | Bytes): Bytes => {
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes]
}
const id = (packetId: number): Bytes => [packetId >> 8, packetId & 0xff]

/** A packet with this first byte; its length is right unless it is said. */
function packet(first: number, body: Bytes, length?: Bytes): Bytes {
  if (length) return [first, ...length, ...body]
  const digits: number[] = []
  let rest = body.length
  do {
    digits.push((rest & 0x7f) | (rest > 127 ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return [first, ...digits, ...body]
}

interface ConnectFields {
  readonly first?: number
  readonly name?: string
  readonly level?: number
  readonly flags?: number
  readonly payload?: Bytes
  readonly length?: Bytes
}

/** The client whose topics are used. */
const ME = 'packets'
const CLEAN = 2

const connectPacket = ({
  first = 0x10,
  name = 'MQTT',
  level = 4,
  flags = CLEAN,
  payload,
  length,
}: ConnectFields = {}) => packet(first, [...text(name), level, flags, 0, 60, ...(payload ?? text(ME))], length)
const publish = (topic: string | Bytes, flags: number, packetId?: number, payload = '{}'): Bytes =>
  packet(0x30 | flags, [...text(topic), ...(packetId === undefined ? [] : id(packetId)), ...Buffer.from(payload)])
const subscribe = (filters: readonly (readonly [string | Bytes, number])[], packetId = 1, first = 0x82): Bytes =>
  packet(first, [...id(packetId), ...filters.flatMap(([filter, qos]) => [...text(filter), qos])])
const unsubscribe = (filters: readonly (string | Bytes)[], packetId = 1, first = 0xa2): Bytes =>
  packet(first, [...id(packetId), ...filters.flatMap(text)])

const CONNECT = connectPacket()
const PING = packet(0xc0, [])
const CONNACK = '20020000'
const PINGRESP = 'd000'
const REQUEST = `spec/${ME}/request`
const RESPONSE = `spec/${ME}/response`

// ── What is sent, and what has to come of it ───────────────────────────────────────────────────────────────────────

interface Sequence {
  readonly name: string
  readonly send: readonly Bytes[]
  /** The answers that are right, as hex; `x` at the end: and the connection is closed. */
  readonly right: readonly string[]
}

/** The connection is closed, without a word or with the CONNACK of a refusal. */
const REFUSED = ['x', '20020001x', '20020002x', '20020004x', '20020005x']
const sequence = (name: string, send: readonly Bytes[], ...right: string[]): Sequence => ({ name, send, right })
/** Said instead of CONNECT. */
const first = (name: string, ...send: Bytes[]) => sequence(`first ${name}`, send, 'x')
/** A CONNECT that is refused. */
const refused = (name: string, fields: ConnectFields) =>
  sequence(`CONNECT ${name} is refused`, [connectPacket(fields)], ...REFUSED)
/** Said by a client that is connected, and ends its connection. */
const fatal = (name: string, ...send: Bytes[]) =>
  sequence(`${name} ends the connection`, [CONNECT, ...send], `${CONNACK}x`)
/** Said by a client that is connected, and answered so; a ping after it is answered still. */
const answered = (name: string, answer: string, ...send: Bytes[]) =>
  sequence(name, [CONNECT, ...send, PING], `${CONNACK}${answer}${PINGRESP}`)

const SEQUENCES: readonly Sequence[] = [
  sequence('CONNECT of MQTT 3.1.1 is accepted', [CONNECT], CONNACK),
  sequence('CONNECT of MQTT 3.1 is accepted', [connectPacket({ name: 'MQIsdp', level: 3 })], CONNACK),
  sequence(
    'CONNECT with a will on the own status is accepted',
    [connectPacket({ flags: 0x0e | 0x20, payload: [...text(ME), ...text(`spec/${ME}/status`), ...text('gone')] })],
    CONNACK,
  ),
  sequence(
    'CONNECT with a user name and a password is accepted',
    [connectPacket({ flags: 0xc2, payload: [...text(ME), ...text('name'), ...text('word')] })],
    CONNACK,
  ),
  sequence(
    'CONNECT with a user name and an empty password is accepted',
    [connectPacket({ flags: 0xc2, payload: [...text(ME), ...text('name'), ...text('')] })],
    CONNACK,
  ),
  ...[0, 1, 2, 5, 6, 127, 255].map((level) => refused(`of level ${level}`, { level })),
  refused('of MQIsdp with the level of MQTT 3.1.1', { name: 'MQIsdp' }),
  refused('of another protocol', { name: 'MQTX' }),
  refused('of a protocol without a name', { name: '' }),
  refused('of a protocol whose name is far too long', { name: 'M'.repeat(200) }),
  refused('with the reserved flag', { flags: CLEAN | 1 }),
  refused('with a will of QoS 3', {
    flags: CLEAN | 0x1c,
    payload: [...text(ME), ...text(`spec/${ME}/status`), ...text('x')],
  }),
  refused('with a QoS of no will', { flags: CLEAN | 0x08 }),
  refused('with a retained will that there is not', { flags: CLEAN | 0x20 }),
  refused('with a will and neither topic nor message', { flags: CLEAN | 0x04 }),
  refused('with a will and no message', { flags: CLEAN | 0x04, payload: [...text(ME), ...text(`spec/${ME}/status`)] }),
  refused('with a will whose topic is a filter', {
    flags: CLEAN | 0x04,
    payload: [...text(ME), ...text('spec/#'), ...text('x')],
  }),
  refused('with a will without a topic', { flags: CLEAN | 0x04, payload: [...text(ME), ...text(''), ...text('x')] }),
  refused('with a password and no user name', { flags: CLEAN | 0x40, payload: [...text(ME), ...text('word')] }),
  refused('with the flag of a user name and none', { flags: CLEAN | 0x80 }),
  refused('with the flag of a password and none', { flags: CLEAN | 0xc0, payload: [...text(ME), ...text('name')] }),
  refused('with a client id that is longer than the packet', { payload: [0, 200, 97] }),
  refused('without a client id', { payload: [] }),
  refused('with an empty client id for a session to keep', { flags: 0, payload: text('') }),
  refused('with a client id that is no UTF-8', { payload: text([0xff, 0xfe]) }),
  refused('with U+0000 in its client id', { payload: text('a\0b') }),
  refused('with a surrogate in its client id', { payload: text([0xed, 0xa0, 0x80]) }),
  refused('with flags in its first byte', { first: 0x11 }),
  refused('that is empty', { length: [0] }),
  sequence('CONNECT cut off in its header is refused', [packet(0x10, [0, 4, 77, 81])], ...REFUSED),
  sequence('CONNECT cut off before its keep-alive is refused', [packet(0x10, [...text('MQTT'), 4, 2])], ...REFUSED),
  sequence(
    'CONNECT with a length of five bytes is refused',
    [connectPacket({ length: [0x80, 0x80, 0x80, 0x80, 0x01] })],
    'x',
  ),
  fatal('a second CONNECT', CONNECT),
  fatal('a second CONNECT under another id', connectPacket({ payload: text('other') })),
  first('a reserved packet 0', packet(0x00, [])),
  first('a reserved packet 15', packet(0xf0, [])),
  first('PUBLISH', publish(REQUEST, 0)),
  first('PUBLISH QoS 1', publish(REQUEST, 2, 1)),
  first('PUBACK', packet(0x40, id(1))),
  first('PUBREC', packet(0x50, id(1))),
  first('PUBREL', packet(0x62, id(1))),
  first('PUBCOMP', packet(0x70, id(1))),
  first('SUBSCRIBE', subscribe([[RESPONSE, 0]])),
  first('UNSUBSCRIBE', unsubscribe([RESPONSE])),
  first('PINGREQ', PING),
  first('DISCONNECT', packet(0xe0, [])),
  first('CONNACK', packet(0x20, [0, 0])),
  first('SUBACK', packet(0x90, [0, 1, 0])),
  first('UNSUBACK', packet(0xb0, id(1))),
  first('PINGRESP', packet(0xd0, [])),
  fatal('a reserved packet 0', packet(0x00, [])),
  fatal('a reserved packet 15', packet(0xf0, [])),
  fatal('CONNACK of a client', packet(0x20, [0, 0])),
  fatal('SUBACK of a client', packet(0x90, [0, 1, 0])),
  fatal('UNSUBACK of a client', packet(0xb0, id(1))),
  fatal('PINGRESP of a client', packet(0xd0, [])),

  answered('PUBLISH QoS 0 is not acknowledged', '', publish(REQUEST, 0)),
  answered('PUBLISH QoS 1 is acknowledged', '40020001', publish(REQUEST, 2, 1)),
  answered('PUBLISH QoS 1 with the highest packet id is acknowledged', '4002ffff', publish(REQUEST, 2, 65_535)),
  answered(
    'PUBLISH QoS 1 that is sent again is acknowledged again',
    '4002000740020007',
    publish(REQUEST, 2, 7),
    publish(REQUEST, 10, 7),
  ),
  answered('PUBLISH QoS 1 of nothing is acknowledged', '40020001', publish(REQUEST, 2, 1, '')),
  answered(
    'PUBLISH QoS 2 is received, released and completed',
    '5002000270020002',
    publish(REQUEST, 4, 2),
    packet(0x62, id(2)),
  ),
  answered(
    'PUBLISH QoS 2 that is sent again is received again',
    '5002000350020003',
    publish(REQUEST, 4, 3),
    publish(REQUEST, 12, 3),
  ),
  answered('PUBREL of a packet id that nobody used is completed', '70020009', packet(0x62, id(9))),
  answered(
    'PUBREL twice is completed twice',
    '500200047002000470020004',
    publish(REQUEST, 4, 4),
    packet(0x62, id(4)),
    packet(0x62, id(4)),
  ),
  answered('PUBACK of nothing is let go', '', packet(0x40, id(9))),
  answered('PUBCOMP of nothing is let go', '', packet(0x70, id(9))),
  fatal('PUBLISH QoS 3', publish(REQUEST, 6, 1)),
  fatal('PUBLISH QoS 1 with packet id 0', publish(REQUEST, 2, 0)),
  fatal('PUBLISH QoS 2 with packet id 0', publish(REQUEST, 4, 0)),
  fatal('PUBLISH QoS 1 without a packet id', packet(0x32, text(REQUEST))),
  fatal('PUBLISH without a topic', packet(0x30, [])),
  fatal('PUBLISH with an empty topic', publish('', 0)),
  fatal('PUBLISH with a topic longer than the packet', packet(0x30, [0, 200, 97])),
  fatal('PUBLISH to a filter with #', publish(`spec/${ME}/#`, 0)),
  fatal('PUBLISH to a filter with +', publish('spec/+/request', 2, 1)),
  fatal('PUBLISH to a topic that is no UTF-8', publish([0x73, 0xff, 0xfe], 0)),
  fatal('PUBLISH to a topic with U+0000', publish('spec/\0', 0)),
  fatal('PUBLISH to a topic with a surrogate', publish([0x73, 0xed, 0xa0, 0x80], 0)),
  ...[0x40, 0x50, 0x62, 0x70].flatMap((byte) => {
    const name = { 64: 'PUBACK', 80: 'PUBREC', 98: 'PUBREL', 112: 'PUBCOMP' }[byte]
    return [
      fatal(`${name} with other flags`, packet(byte ^ 2, id(1))),
      fatal(`${name} without a packet id`, packet(byte, [])),
      fatal(`${name} with half a packet id`, packet(byte, [0])),
      fatal(`${name} with more than a packet id`, packet(byte, [0, 1, 0])),
      fatal(`${name} with packet id 0`, packet(byte, id(0))),
    ]
  }),

  answered(
    'SUBSCRIBE is acknowledged at each QoS',
    '9005000a000102',
    subscribe(
      [
        [RESPONSE, 0],
        [`spec/${ME}/notify/+`, 1],
        [`spec/${ME}/notify/x`, 2],
      ],
      10,
    ),
  ),
  answered(
    'SUBSCRIBE twice to the same is acknowledged twice',
    '90030001009003000201',
    subscribe([[RESPONSE, 0]], 1),
    subscribe([[RESPONSE, 1]], 2),
  ),
  fatal('SUBSCRIBE without its flags', subscribe([[RESPONSE, 0]], 1, 0x80)),
  fatal('SUBSCRIBE with other flags', subscribe([[RESPONSE, 0]], 1, 0x8a)),
  fatal('SUBSCRIBE with packet id 0', subscribe([[RESPONSE, 0]], 0)),
  fatal('SUBSCRIBE to nothing', subscribe([])),
  fatal('SUBSCRIBE without a packet id', packet(0x82, [])),
  fatal('SUBSCRIBE at QoS 3', subscribe([[RESPONSE, 3]])),
  fatal('SUBSCRIBE with reserved bits', subscribe([[RESPONSE, 4]])),
  fatal('SUBSCRIBE without a QoS', packet(0x82, [0, 1, ...text(RESPONSE)])),
  fatal('SUBSCRIBE to an empty filter', subscribe([['', 0]])),
  fatal('SUBSCRIBE to a filter longer than the packet', packet(0x82, [0, 1, 0, 200, 97])),
  fatal('SUBSCRIBE to a filter that is no UTF-8', subscribe([[[0xff, 0xfe], 0]])),
  fatal('SUBSCRIBE to a filter with U+0000', subscribe([['spec/\0', 0]])),
  answered(
    'UNSUBSCRIBE is acknowledged',
    '9003000100b0020002',
    subscribe([[RESPONSE, 0]], 1),
    unsubscribe([RESPONSE], 2),
  ),
  answered(
    'UNSUBSCRIBE from what was never subscribed to is acknowledged',
    'b0020002',
    unsubscribe(['spec/other/response'], 2),
  ),
  answered(
    'UNSUBSCRIBE from several is acknowledged once',
    'b0020003',
    unsubscribe([RESPONSE, `spec/${ME}/notify/+`], 3),
  ),
  fatal('UNSUBSCRIBE without its flags', unsubscribe([RESPONSE], 1, 0xa0)),
  fatal('UNSUBSCRIBE with packet id 0', unsubscribe([RESPONSE], 0)),
  fatal('UNSUBSCRIBE from nothing', unsubscribe([])),
  fatal('UNSUBSCRIBE without a packet id', packet(0xa2, [])),
  fatal('UNSUBSCRIBE from an empty filter', unsubscribe([''])),
  fatal('UNSUBSCRIBE from a filter longer than the packet', packet(0xa2, [0, 1, 0, 200, 97])),

  answered('PINGREQ is answered each time', `${PINGRESP}${PINGRESP}`, PING, PING),
  fatal('PINGREQ with flags', packet(0xc1, [])),
  fatal('PINGREQ with a body', packet(0xc0, [0])),
  fatal('DISCONNECT', packet(0xe0, [])),
  fatal('DISCONNECT with flags', packet(0xe1, [])),
  fatal('DISCONNECT with a body', packet(0xe0, [0])),
  fatal('what comes after DISCONNECT is not heard, and it', packet(0xe0, []), PING),
  fatal('a length of five bytes', packet(0x30, [], [0x80, 0x80, 0x80, 0x80, 0x01])),
]

// ── The two brokers ────────────────────────────────────────────────────────────────────────────────────────────────

/** How long an answer is waited for where the connection stays open. */
const QUIET_MS = 120

/** Sends a sequence; resolves with all that came back, as hex, and whether the connection was closed. */
async function play(port: number, { send }: Sequence, quietMs = QUIET_MS): Promise<string> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  let came = ''
  let closed = false
  let heardAt = performance.now()
  socket.on('data', (bytes) => {
    came += bytes.toString('hex')
    heardAt = performance.now()
  })
  socket.on('close', () => {
    closed = true
  })
  await once(socket, 'connect')
  for (const bytes of send) socket.write(Buffer.from(bytes))
  const startedAt = performance.now()
  while (!closed && performance.now() - Math.max(heardAt, startedAt) < quietMs) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  socket.destroy()
  return closed ? `${came}x` : came
}

/** A right answer comes; where the machine was slow, on another try. */
async function isRight(port: number, sequence: Sequence): Promise<string | undefined> {
  let came = ''
  for (let attempt = 0; attempt < 3; attempt += 1) {
    came = await play(port, sequence, QUIET_MS * 4 ** attempt)
    if (sequence.right.includes(came)) return undefined
  }
  return came
}

const notes = pgTable('notes', { id: integer().primaryKey() })

describe('fault F20: sequences of packets', () => {
  let server: Server
  let plain: PlainBroker
  let ours = 0

  beforeAll(async () => {
    server = await defineSpec({ schema: { notes } })
      .entity('notes')
      .listen({ broker: { port: 0, webSocket: false }, logger: { info() {}, warn() {}, error() {} } })
    ours = server.addresses.mqtt?.port ?? 0
    plain = await startPlainBroker()
  }, 60_000)

  afterAll(async () => {
    await server.close()
    await plain[Symbol.asyncDispose]()
  })

  test.each(SEQUENCES)('$name', async (sequence) => {
    expect(await isRight(ours, sequence)).toBeUndefined()
  })

  test('many are done right by a bare aedes too, so that none of these is a rule of our own', {
    timeout: 120_000,
  }, async () => {
    const port = Number(new URL(plain.url).port)
    let right = 0
    for (const sequence of SEQUENCES) if (sequence.right.includes(await play(port, sequence))) right += 1
    // It is half of them, and some less where the machine was so slow that an answer came too late.
    expect(right).toBeGreaterThan(SEQUENCES.length / 3)
    console.info(`a bare aedes does ${right} of ${SEQUENCES.length} right`)
  })
})
