import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsOptions } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { addressOf, type Listener, listen } from './listener.ts'
import { mayOpenWebSocket } from './web-socket-origin.ts'

/** MQTT over WebSockets, for browsers: on a port of its own, or on the port of an HTTP server that you already have. */
export type WebSocketOptions = {
  /** The path to connect to. On a port of its own `/` is taken as well. Default `/mqtt`. */
  readonly path?: string | undefined
  /** Origins of pages that may connect, such as `https://app.example.com`, besides loopback and the page's own host. */
  readonly origins?: readonly string[] | undefined
} & (
  | { readonly port?: number | undefined; readonly server?: undefined }
  | { readonly server: Server; readonly port?: undefined }
)

/** What a WebSocket listener needs to know besides its options. */
export interface WebSocketSurroundings {
  readonly host: string
  readonly tls: TlsOptions | undefined
  /** Bytes of one WebSocket message; a longer one closes the connection. */
  readonly maxPayloadBytes: number
  /** Is there room for one more from this address? */
  readonly hasRoom: (address: string | undefined) => boolean
  readonly accept: (webSocket: WebSocket, socket: Socket) => void
}

const DEFAULT_PORT = 1884
const DEFAULT_PATH = '/mqtt'
/** An HTTP request that is not done in this time is not one for a broker. */
const REQUEST_TIMEOUT_MS = 5_000

/** Takes MQTT over WebSockets. On a shared server it answers for its path only, and leaves the rest to others. */
export async function listenWebSocket(
  options: WebSocketOptions,
  surroundings: WebSocketSurroundings,
): Promise<Listener & { readonly path: string }> {
  const path = options.path ?? DEFAULT_PATH
  const upgrades = new WebSocketServer({
    noServer: true,
    maxPayload: surroundings.maxPayloadBytes,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: () => 'mqtt',
  })
  const server = options.server ?? ownServer(surroundings.tls)
  const shared = options.server !== undefined
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const isOurs = pathOf(request) === path || (!shared && pathOf(request) === '/')
    const refusal = isOurs ? refusalOf(request, options.origins ?? [], surroundings.hasRoom) : 404
    if (!isOurs && shared && server.listenerCount('upgrade') > 1) return
    if (refusal !== undefined) refuse(socket, refusal)
    else upgrades.handleUpgrade(request, socket, head, (opened) => surroundings.accept(opened, request.socket))
  }
  server.on('upgrade', upgrade)
  if (shared) {
    return { ...addressOf(server, surroundings.host), path, close: async () => void server.off('upgrade', upgrade) }
  }
  const listener = await listen(server, surroundings.host, options.port ?? DEFAULT_PORT)
  return { ...listener, path, close: () => closeAll(server, listener) }
}

function ownServer(tls: TlsOptions | undefined): Server {
  const timeouts = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, noDelay: true }
  const server = tls ? createHttpsServer({ ...tls, ...timeouts }) : createServer(timeouts)
  return server.on('request', (_request, response) => {
    response.writeHead(426, { 'Content-Type': 'text/plain', Connection: 'close' })
    response.end('MQTT over WebSocket is spoken here.\n')
  })
}

/** The status of the answer to a client that may not connect; undefined for one that may. */
function refusalOf(
  request: IncomingMessage,
  origins: readonly string[],
  hasRoom: WebSocketSurroundings['hasRoom'],
): number | undefined {
  if (!mayOpenWebSocket(request, origins)) return 403
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  if (!protocols.includes('mqtt')) return 400 // [MQTT-6.0.0-3]
  return hasRoom(request.socket.remoteAddress) ? undefined : 503
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Ask for the WebSocket subprotocol "mqtt".',
  403: 'This page may not connect. List its origin in the option webSocket.origins.',
  404: 'There is no broker under this path.',
  503: 'Too many connections.',
}

function refuse(socket: Duplex, status: number): void {
  const body = `${REASONS[status]}\n`
  socket.on('error', () => {}) // it may be gone before it hears
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? ''

function closeAll(server: Server, listener: Listener): Promise<void> {
  const closed = listener.close()
  server.closeAllConnections() // those that never asked for a WebSocket
  return closed
}
