import {
  CLIENT_ID,
  DEFAULT_LIMITS,
  DEFAULT_TOPIC_PREFIX,
  type HasShape,
  type ShapeOf,
  SpecError,
} from '@mqttspec/protocol'
import { nanoid } from 'nanoid'
import type { Connection } from './connection/connection.ts'
import { createSpec } from './create-spec.ts'
import type { Login } from './identity/server-session.ts'
import type { WriteStorage } from './request/write-storage.ts'
import type { SpecClient, UntypedShape } from './spec-client.ts'
import { brokerUrl } from './transport/broker-url.ts'
import type { InProcess } from './transport/in-process.ts'
import { mqttTransport, type Qos } from './transport/mqtt-transport.ts'
import type { TlsOptions } from './transport/tls-options.ts'
import type { Credentials } from './transport/transport.ts'

/** How to connect. Everything has a default. */
export interface ConnectOptions {
  /** `[A-Za-z0-9_.:-]{1,64}`, and nobody else's: a second client with the same id takes the place of the first. */
  readonly clientId?: string | undefined
  /** The first part of every topic, as the server has it: `spec`. */
  readonly topicPrefix?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  /**
   * Who the client is. A function is asked again at each new connection, and each time that the server asks.
   *
   * Without a username it is sent as the password, with the username `token`. Beside one it is for the server alone:
   * username and password are then what an external broker lets the client in by.
   */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /**
   * Says to the server who the client is before anything else, in a message. Where the server does not see connections,
   * as behind an external broker, it otherwise asks by refusing the first call, which is sent again then.
   */
  readonly identify?: boolean | undefined
  /** Certificates for `mqtts://` and `wss://`. */
  readonly tls?: TlsOptions | undefined
  /** For a call from start to answer, and for the first connection: 10,000. */
  readonly timeoutMs?: number | undefined
  /**
   * What becomes of writes without a connection, unless they say so themselves: `wait`, or `queue`. With `queue`
   * `connect` resolves without a connection too.
   */
  readonly offline?: 'wait' | 'queue' | undefined
  /** Where writes with `offline: 'queue'` are kept over the end of the process. It takes a `clientId` that stays. */
  readonly storage?: WriteStorage | undefined
  /** 1 for each. */
  readonly qos?: Partial<Qos> | undefined
  /** Events of a subscription that wait to be read at most: 1,000. One more ends it with `overflow`. */
  readonly maxBufferedEvents?: number | undefined
  /** Requests on their way at once; the rest wait their turn. As the server allows: 32. */
  readonly maxInFlight?: number | undefined
  /** Bytes of a message at most. As the server allows: 256 KiB. */
  readonly maxRequestBytes?: number | undefined
}

const TIMEOUT_MS = 10_000
const LONGEST_ATTEMPT_MS = 30_000
// A longer timer fires at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1
const MAX_BUFFERED_EVENTS = 1_000
const BACKOFF = { baseMs: 200, maxMs: 15_000 }

/**
 * Connects to a server through its broker: `mqtt://`, `mqtts://`, `ws://` or `wss://`; or to one in this very process, by
 * what its `inProcess(auth)` gives.
 *
 * Resolves with a client once connected; the client then keeps itself connected until it is closed. Rejects with
 * `unavailable` when no broker answers within `timeoutMs`, with `auth_error` when it refuses the credentials. With
 * `identify`, the server's refusal is one too.
 */
export async function connect<Api extends HasShape = HasShape<UntypedShape>>(
  server: string | InProcess,
  options: ConnectOptions = {},
): Promise<SpecClient<ShapeOf<Api>>> {
  const ownPrefix = typeof server === 'string' ? DEFAULT_TOPIC_PREFIX : server.topicPrefix
  const { clientId = `client-${nanoid()}`, topicPrefix = ownPrefix } = options
  const { timeoutMs = TIMEOUT_MS, offline = 'wait' } = options
  if (!CLIENT_ID.test(clientId)) throw new SpecError('forbidden', `A client id looks like ${CLIENT_ID.source}.`)
  if (options.storage && options.clientId === undefined) {
    throw new SpecError('invalid_options', 'Kept writes run once under one client id: give clientId with storage.')
  }
  const { href, ...fromUrl } = typeof server === 'string' ? brokerUrl(server) : { href: server }
  const qos = { request: 1, response: 1, notification: 1, ...options.qos } as const
  const { spec, connection, resume, identify } = createSpec<ShapeOf<Api>>({
    transport: mqttTransport({
      broker: href,
      clientId,
      topicPrefix,
      qos,
      tls: options.tls ?? {},
      attemptMs: Math.min(timeoutMs, LONGEST_ATTEMPT_MS),
    }),
    clientId,
    topicPrefix,
    credentials: () => credentials(options, fromUrl),
    login: login(options, fromUrl),
    offline,
    storage: options.storage,
    timeoutMs,
    maxBufferedEvents: options.maxBufferedEvents ?? MAX_BUFFERED_EVENTS,
    maxInFlight: options.maxInFlight ?? DEFAULT_LIMITS.maxInFlightPerClient,
    maxRequestBytes: options.maxRequestBytes ?? DEFAULT_LIMITS.maxRequestBytes,
    backoff: BACKOFF,
  })
  try {
    await resume()
    await firstOnline(connection, timeoutMs, offline === 'queue')
    if (options.identify && connection.state === 'online') await identify()
  } catch (error) {
    await spec.close()
    throw error
  }
  return spec
}

/** Who the client is to the broker. */
async function credentials({ token, ...options }: ConnectOptions, fromUrl: Credentials): Promise<Credentials> {
  const username = options.username ?? fromUrl.username
  if (token === undefined || username !== undefined) {
    return { username, password: options.password ?? fromUrl.password }
  }
  return { username: 'token', password: await tokenOf(token) }
}

/** Who the client is to the server, in a message; undefined when there is nothing to say. */
function login({ token, ...options }: ConnectOptions, fromUrl: Credentials): Login | undefined {
  if (token !== undefined) return async () => ({ token: await tokenOf(token) })
  const username = options.username ?? fromUrl.username
  const password = options.password ?? fromUrl.password
  return username === undefined && password === undefined ? undefined : async () => ({ username, password })
}

async function tokenOf(token: string | (() => string | Promise<string>)): Promise<string> {
  try {
    return typeof token === 'string' ? token : await token()
  } catch (error) {
    throw new SpecError('auth_error', 'There is no token: the function that gives it failed.', undefined, error)
  }
}

/** Resolves once there is a connection; with `orOffline` also when there is none yet. */
function firstOnline(connection: Connection, timeoutMs: number, orOffline: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => {
      const error = connection.error ?? new SpecError('unavailable', `No broker within ${timeoutMs} ms.`)
      settle(orOffline && connection.state !== 'unauthorized' ? undefined : error)
    }
    const timer = setTimeout(late, Math.min(timeoutMs, LONGEST_TIMER_MS))
    const stop = connection.subscribe((state) => {
      if (state === 'online' || (orOffline && state === 'offline')) settle(undefined)
      else if (state === 'unauthorized') late()
    })
    const settle = (error: SpecError | undefined) => {
      clearTimeout(timer)
      stop()
      if (error) reject(error)
      else resolve()
    }
    connection.start()
  })
}
