import type { TlsOptions } from 'node:tls'
import type { TransportSettings } from './transport.ts'
import type { WebSocketOptions } from './web-socket-listener.ts'

/** How the embedded broker listens, and what it allows. */
export interface EmbeddedBrokerOptions {
  /** The address to listen on, 127.0.0.1 by default: only programs on this machine can connect. */
  readonly host?: string | undefined
  /** The port of MQTT over TCP, 1883 by default; 0 takes any that is free, false is no TCP. */
  readonly port?: number | false | undefined
  /** MQTT over WebSocket, on port 1884 by default; false for none. */
  readonly webSocket?: WebSocketOptions | false | undefined
  /** Certificate and key: both listeners then speak TLS. A shared HTTP server brings its own. */
  readonly tls?: TlsOptions | undefined
  /** Clients that may be connected at once, 10,000 by default; the next is told that the server is unavailable. */
  readonly maxConnections?: number | undefined
  /** Connections from one address, 200 by default; loopback, where proxies connect from, is not counted. */
  readonly maxConnectionsPerAddress?: number | undefined
  /**
   * The longest keep-alive that counts, in seconds. MQTT lets a client choose its own, or none; one that chose none or
   * a longer one is held to this, and cut off after one and a half times as long without a packet. Without it each
   * client's own choice holds, and TCP finds those whose machine is gone.
   */
  readonly keepAliveSeconds?: number | undefined
  /** How long a client may take to send its CONNECT, 5 s by default. */
  readonly connectTimeoutMs?: number | undefined
  /** How long a client may read nothing of what it is sent before it is cut off: 3 s by default, twice that at most. */
  readonly drainTimeoutMs?: number | undefined
  /** How long the session of a client that connected without a clean one waits for it, a day by default. */
  readonly sessionExpiryMs?: number | undefined
}

/** The options with every default filled in, and what the server says besides. */
export interface EmbeddedBrokerSettings extends TransportSettings {
  readonly host: string
  readonly port: number | false
  readonly webSocket: WebSocketOptions | false
  readonly tls: TlsOptions | undefined
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly keepAliveSeconds: number | undefined
  readonly connectTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly sessionExpiryMs: number
}

const DAY_MS = 24 * 60 * 60 * 1_000

/** Fills in the defaults. */
export function embeddedSettings(options: EmbeddedBrokerOptions, settings: TransportSettings): EmbeddedBrokerSettings {
  return {
    ...settings,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 1883,
    webSocket: options.webSocket ?? {},
    tls: options.tls,
    maxConnections: options.maxConnections ?? 10_000,
    maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? 200,
    keepAliveSeconds: options.keepAliveSeconds,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    drainTimeoutMs: options.drainTimeoutMs ?? 3_000,
    sessionExpiryMs: options.sessionExpiryMs ?? DAY_MS,
  }
}
