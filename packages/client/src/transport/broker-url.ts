import { SpecError } from '@mqttspec/protocol'

/** Where the broker is, and who the URL says that we are. */
export interface BrokerUrl {
  /** Without credentials. */
  readonly href: string
  readonly username?: string
  readonly password?: string
}

const SOCKETS = new Set(['mqtt:', 'mqtts:', 'tcp:', 'ssl:', 'tls:'])
const WEB_SOCKETS = new Set(['ws:', 'wss:'])

/** Is there TCP here? Browsers and React Native have WebSockets only. */
export function hasTcp(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } }
  return typeof process?.versions?.node === 'string'
}

/**
 * Reads a broker's URL: mqtt, mqtts or tcp where there is TCP, ws and wss everywhere. A WebSocket's path is `/mqtt`
 * unless given. Throws `unavailable`.
 */
export function brokerUrl(url: string, tcp = hasTcp()): BrokerUrl {
  const parsed = parse(url)
  const socket = SOCKETS.has(parsed.protocol)
  if (!socket && !WEB_SOCKETS.has(parsed.protocol)) throw wrong(url, 'Use mqtt://, mqtts://, ws:// or wss://.')
  if (socket && !tcp) throw wrong(url, 'There is no TCP here: use ws:// or wss://.')
  if (!socket && parsed.pathname === '/') parsed.pathname = '/mqtt'
  const username = decodeURIComponent(parsed.username)
  const password = decodeURIComponent(parsed.password)
  parsed.username = ''
  parsed.password = ''
  return { href: parsed.href, ...(username && { username }), ...(password && { password }) }
}

function parse(url: string): URL {
  try {
    return new URL(url)
  } catch {
    throw wrong(url, 'Write it as mqtt://host:1883.')
  }
}

const wrong = (url: string, advice: string) =>
  new SpecError('unavailable', `${JSON.stringify(url)} is no broker's address. ${advice}`)
