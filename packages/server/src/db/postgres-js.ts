import postgres from 'postgres'
import type { Cells, Database, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { type Address, oneSocket, openSocket } from './one-socket.ts'
import { toDatabaseError, toOpenError } from './postgres-error.ts'
import { PreparedShapes } from './prepared-shapes.ts'
import { beginBySql, type Lost, type Session, type SessionTransaction } from './session.ts'
import { SessionPool } from './session-pool.ts'
import {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_MAX_CONNECTIONS,
  type PostgresOptions,
  sessionSettings,
  silenceMs,
} from './session-settings.ts'

/** What a postgres.js instance has made of its URL, arguments and environment: its `options`. */
export interface PostgresJsTarget {
  readonly host: readonly string[]
  readonly port: readonly number[]
  readonly path?: string | false | undefined
  readonly database: string
  readonly user: string
  readonly pass?: unknown
  readonly ssl?: unknown
  readonly sslnegotiation?: unknown
  readonly target_session_attrs?: unknown
  readonly connection: Readonly<Record<string, unknown>>
  /** The user's own way to a socket. */
  readonly socket?: unknown
}

/** How many statements one connection is sent before the first of them is answered, once all connections are busy. */
const PIPELINE_DEPTH = 8

/** How long the end of a connection may take that still has something to say. */
const CLOSE_WITHIN_SECONDS = 1

/**
 * Postgres over postgres.js, one instance of it for each connection, which is thrown away with the connection.
 *
 * postgres.js by itself is not safe against a connection that is cut (3.4.9): `sql.begin` and `sql.reserve` then write
 * to a socket that is gone, which ends the process; a connection that was used again would send what an earlier life
 * left in its buffer; and a statement of a transaction may run alone on the next connection. Three rules prevent all
 * of it. Only plain statements are sent, BEGIN and COMMIT too, so that the driver never writes to a connection it
 * knows to be closed. An instance gets one socket and no other. And calls that it forgets are settled by the pool.
 */
export function openPostgresJs(target: string | PostgresJsTarget, options: PostgresOptions): Database {
  const parsed = typeof target === 'string' ? parseUrl(target) : target
  const addresses = addressesOf(parsed)
  return new SessionPool({
    kind: 'postgres',
    open: (lost, notified) => openFirst(addresses, parsed, options, lost, notified),
    maxSessions: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    pipelineDepth: PIPELINE_DEPTH,
    silenceMs: silenceMs(options),
    reopens: true,
    canListen: true,
    logger: options.logger,
  })
}

/** An instance connects at its first statement; this one is asked for nothing but its options. */
function parseUrl(url: string): PostgresJsTarget {
  try {
    return postgres(url).options as unknown as PostgresJsTarget
  } catch {
    // Not as a cause either: the error repeats the URL, and with it the password.
    throw new Error('The database URL cannot be read.')
  }
}

function addressesOf({ host, port, path }: PostgresJsTarget): readonly Address[] {
  if (path) return [{ path }]
  return host.map((name, index) => ({ host: name, port: port[index] ?? port[0] ?? 5432 }))
}

/** A session at the first of the addresses that gives one. */
async function openFirst(
  addresses: readonly Address[],
  target: PostgresJsTarget,
  options: PostgresOptions,
  lost: Lost,
  notified?: () => void,
): Promise<Session> {
  let failure: DatabaseError | undefined
  for (const address of addresses) {
    const timeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS
    const connection = await connectionOptions(address, target, options, timeoutMs)
    const session = new PostgresJsSession(connection, () => socketTo(address, target, timeoutMs), lost, notified)
    try {
      await session.connected()
      return session
    } catch (error) {
      failure = toOpenError(error)
      await session.close()
    }
  }
  throw failure ?? new DatabaseError('The database URL names no host.', { connectionLost: true })
}

/** Everything is text: no cell is parsed, and no parameter is anything else. */
const TEXT_ONLY = {
  text: {
    to: 25,
    from: [16, 17, 21, 23, 26, 114, 700, 701, 1082, 1114, 1184, 3802],
    serialize: (value: string): string => value,
    parse: (value: string): string => value,
  },
}

type ConnectionOptions = postgres.Options<typeof TEXT_ONLY>

async function connectionOptions(
  address: Address,
  target: PostgresJsTarget,
  options: PostgresOptions,
  timeoutMs: number,
): Promise<ConnectionOptions> {
  const { application_name: name } = target.connection
  const connection = {
    ...target.connection,
    application_name: name === 'postgres.js' ? 'mqttspec' : name,
    ...sessionSettings(options),
  }
  return {
    ...('path' in address ? { path: address.path } : { host: address.host, port: address.port }),
    database: target.database,
    user: target.user,
    // Asked for here: the driver would write to its socket afterwards without a look whether it is still there.
    pass: typeof target.pass === 'function' ? await target.pass() : target.pass,
    ssl: target.ssl,
    sslnegotiation: target.sslnegotiation,
    ...(target.target_session_attrs ? { target_session_attrs: target.target_session_attrs } : {}),
    connection,
    types: TEXT_ONLY,
    max: 1,
    fetch_types: false,
    idle_timeout: null,
    max_lifetime: null,
    connect_timeout: timeoutMs / 1_000,
    onnotice: () => undefined,
    // The driver's own types do not know what of it may be null.
  } as unknown as ConnectionOptions
}

/** A socket, or what the user has in its place. */
interface Destroyable {
  destroy(): unknown
}

async function socketTo(address: Address, target: PostgresJsTarget, timeoutMs: number): Promise<Destroyable> {
  if (typeof target.socket === 'function') return await target.socket(target)
  const socket = await openSocket(address, timeoutMs)
  // The driver takes the name that a certificate must bear from here.
  return 'host' in address ? Object.assign(socket, { host: address.host }) : socket
}

class PostgresJsSession implements Session {
  readonly #shapes = new PreparedShapes()
  readonly #sql: postgres.Sql
  #socket: Destroyable | undefined
  #scripted = false

  constructor(options: ConnectionOptions, open: () => Promise<Destroyable>, lost: Lost, onnotify?: () => void) {
    const socket = oneSocket(async () => {
      this.#socket = await open()
      return this.#socket
    })
    const onclose = (): void => lost(new DatabaseError('The connection was closed.', { connectionLost: true }))
    // Its types know neither `socket` nor `onnotify`.
    this.#sql = postgres({ ...options, socket, onclose, onnotify } as ConnectionOptions)
  }

  get worn(): boolean {
    return this.#scripted || this.#shapes.worn
  }

  async connected(): Promise<void> {
    await this.#sql.unsafe('select 1')
  }

  async run({ text, params, describe, raw }: Statement): Promise<readonly Cells[]> {
    // Not `simple`, which the driver takes a statement without parameters for, and its types do not know.
    const options = { prepare: this.#shapes.nameOf(text) !== undefined, simple: false }
    try {
      const query = this.#sql.unsafe(text, [...params], options)
      // Cells that are bytes: who asked for them, `runRaw`, knows.
      if (raw) return (await query.raw()) as unknown as readonly Cells[]
      const rows = await query.values()
      // A statement without a result has no columns, whatever the driver's types say.
      describe?.(rows.columns ?? [])
      return rows
    } catch (error) {
      throw toDatabaseError(error)
    }
  }

  async script(sql: string): Promise<void> {
    this.#scripted = true
    try {
      await this.#sql.unsafe('set statement_timeout = 0')
      await this.#sql.unsafe(sql).simple()
    } catch (error) {
      throw toDatabaseError(error)
    }
  }

  begin(): Promise<SessionTransaction> {
    return beginBySql(this)
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: CLOSE_WITHIN_SECONDS })
    this.#socket?.destroy()
  }
}
