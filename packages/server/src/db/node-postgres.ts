import { Socket } from 'node:net'
import type { Client, ClientConfig } from 'pg'
import type { Cells, Database, Statement } from './database.ts'
import { DatabaseError } from './database-error.ts'
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

/** What a node-postgres client or pool is made with; `connectionString` for a URL. */
export type NodePostgresTarget = Omit<ClientConfig, 'stream'>

/** How many statements one connection is sent before the first of them is answered, once all connections are busy. */
const PIPELINE_DEPTH = 8

/** How long the end of a connection may take that still has something to say. */
const CLOSE_WITHIN_MS = 1_000

/** Postgres over node-postgres (`pg`, which the user installs). One client for each connection, never used again. */
export function openNodePostgres(target: NodePostgresTarget, options: PostgresOptions): Database {
  return new SessionPool({
    kind: 'node-postgres',
    open: (lost, notified) => openSession(target, options, lost, notified),
    maxSessions: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    pipelineDepth: PIPELINE_DEPTH,
    silenceMs: silenceMs(options),
    reopens: true,
    canListen: true,
    logger: options.logger,
  })
}

async function openSession(
  target: NodePostgresTarget,
  options: PostgresOptions,
  lost: Lost,
  notified?: () => void,
): Promise<Session> {
  const pg = await loadDriver()
  const stream = new Socket()
  const client = new pg.Client(clientConfig(target, options, stream))
  if (notified) client.on('notification', notified)
  const session = new NodePostgresSession(client, stream, lost)
  try {
    await session.connect()
    return session
  } catch (error) {
    await session.close()
    throw toOpenError(error)
  }
}

async function loadDriver(): Promise<typeof import('pg')> {
  try {
    return await import('pg')
  } catch (cause) {
    throw new DatabaseError('node-postgres is not installed: add the package `pg`.', { connectionLost: true }, cause)
  }
}

function clientConfig(target: NodePostgresTarget, options: PostgresOptions, stream: Socket): ClientConfig {
  const settings = Object.entries(sessionSettings(options)).map(([name, value]) => `-c ${name}=${value}`)
  return {
    ...target,
    // Not enumerable in the options of a pool, so the copy above lacks it.
    password: target.password,
    application_name: target.application_name ?? 'mqttspec',
    // Those of `options` count, which these would overrule.
    statement_timeout: undefined,
    lock_timeout: undefined,
    idle_in_transaction_session_timeout: undefined,
    query_timeout: undefined,
    options: [target.options, ...settings].filter(Boolean).join(' '),
    connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    binary: false,
    stream: () => stream,
    pipeline: true,
  } as ClientConfig
}

/** Everything is text: no cell is parsed. */
const TEXT_ONLY = { getTypeParser: () => (text: string) => text }

/** The SQLSTATE of every statement in a transaction that has failed. */
const ABORTED = '25P02'

/**
 * The server no longer has the prepared statement, or its tables have changed under it. It was not carried out, and
 * may be sent again; in a transaction, which the error has ended, that changes nothing.
 */
function isStale(error: unknown): boolean {
  const { routine } = error as { routine?: unknown }
  return routine === 'FetchPreparedStatement' || routine === 'RevalidateCachedQuery'
}

class NodePostgresSession implements Session {
  readonly #shapes = new PreparedShapes()
  readonly #client: Client
  readonly #stream: Socket
  readonly #ended: Promise<void>
  /** Part of the name of every prepared statement: a new one makes the driver prepare all of them again. */
  #renamings = 0
  #scripted = false

  constructor(client: Client, stream: Socket, lost: Lost) {
    this.#client = client
    this.#stream = stream
    client.on('error', (error) => lost(toOpenError(error)))
    this.#ended = new Promise((resolve) => {
      client.on('end', () => {
        lost(new DatabaseError('The connection was closed.', { connectionLost: true }))
        resolve()
      })
    })
  }

  get worn(): boolean {
    return this.#scripted || this.#shapes.worn
  }

  async connect(): Promise<void> {
    await this.#client.connect()
  }

  async run(statement: Statement): Promise<readonly Cells[]> {
    try {
      return await this.#query(statement)
    } catch (error) {
      const failure = toDatabaseError(error)
      if (!isStale(error)) throw failure
      this.#renamings += 1
      return await this.#query(statement).catch((again: unknown) => {
        const second = toDatabaseError(again)
        throw second.sqlState === ABORTED ? failure : second
      })
    }
  }

  async #query({ text, params, describe }: Statement): Promise<readonly Cells[]> {
    const shape = this.#shapes.nameOf(text)
    const query = { text, values: [...params], rowMode: 'array' as const, types: TEXT_ONLY }
    const named = shape === undefined ? query : { ...query, name: `${shape}_${this.#renamings}` }
    const { rows, fields } = await this.#client.query(named)
    describe?.(fields.map((field) => ({ name: field.name, type: field.dataTypeID })))
    return rows
  }

  async script(sql: string): Promise<void> {
    this.#scripted = true
    try {
      await this.#client.query('set statement_timeout = 0')
      await this.#client.query(sql)
    } catch (error) {
      throw toDatabaseError(error)
    }
  }

  begin(): Promise<SessionTransaction> {
    return beginBySql(this)
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.#stream.destroy(), CLOSE_WITHIN_MS)
    await this.#client.end().catch(() => undefined) // a connection that is gone has no other end
    await this.#ended
    clearTimeout(timer)
  }
}
