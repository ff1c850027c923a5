import type { IClientOptions } from 'mqtt'

/** Which broker the server connects to, and how. */
export interface ExternalBrokerOptions {
  /** Such as `mqtt://localhost:1883`, `mqtts://broker.example.com:8883` or `wss://broker.example.com/mqtt`. */
  readonly url: string
  /** `mqttspec-` and something random by default. Two servers with one id throw each other out. */
  readonly clientId?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** False lets the broker keep requests while the server is away; give the server a `clientId` then. Default true. */
  readonly clean?: boolean | undefined
  /** How often the connection is proved alive, in seconds: 60 by default. */
  readonly keepAliveSeconds?: number | undefined
  /** How long the broker may take to answer, also when the server starts: 10 s by default. */
  readonly connectTimeoutMs?: number | undefined
  /** The wait before the first reconnect, 500 ms by default; it doubles up to 30 s, and varies by half. */
  readonly reconnectDelayMs?: number | undefined
  /** How many attempts in a row may fail before the server gives the broker up; by default it never does. */
  readonly maxReconnect?: number | undefined
  /** Certificates for `mqtts` and `wss`: the broker's authority, and what the server shows of itself. */
  readonly tls?: Pick<IClientOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> | undefined
  /** Shares the requests among all servers of this group. The broker must know shared subscriptions. */
  readonly group?: string | undefined
}
