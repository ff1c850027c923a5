import type { PGlite } from '@electric-sql/pglite'
import type { NodePostgresTarget } from './node-postgres.ts'
import type { PostgresJsTarget } from './postgres-js.ts'

/** A Drizzle instance, of which only the driver's client matters here. */
export interface DrizzleInstance {
  readonly $client: object
}

/** What a client is, told by its shape, since it may come from another copy of its driver. */
export type KnownClient =
  | { readonly driver: 'pglite'; readonly client: PGlite }
  | { readonly driver: 'postgres'; readonly target: PostgresJsTarget }
  | { readonly driver: 'node-postgres'; readonly target: NodePostgresTarget }

/** The driver behind a Drizzle instance, and what it takes to connect as it does; undefined for anything else. */
export function recogniseClient(source: unknown): KnownClient | undefined {
  const client = has(source, '$client') ? source.$client : source
  if (isPglite(client)) return { driver: 'pglite', client }
  if (isPostgresJs(client)) return { driver: 'postgres', target: client.options }
  if (isPool(client)) return { driver: 'node-postgres', target: client.options }
  if (isClient(client)) return { driver: 'node-postgres', target: targetOf(client) }
  return undefined
}

function isPglite(client: unknown): client is PGlite {
  return has(client, 'waitReady') && has(client, 'dumpDataDir') && has(client, 'transaction')
}

function isPostgresJs(client: unknown): client is { readonly options: PostgresJsTarget } {
  return typeof client === 'function' && has(client, 'unsafe') && has(client, 'options') && has(client.options, 'host')
}

function isPool(client: unknown): client is { readonly options: NodePostgresTarget } {
  return has(client, 'totalCount') && has(client, 'options') && typeof client.options === 'object'
}

interface NodePostgresClient {
  readonly connectionParameters: NodePostgresTarget
  readonly password?: NodePostgresTarget['password']
}

function isClient(client: unknown): client is NodePostgresClient {
  return has(client, 'connectionParameters') && has(client, 'query')
}

/** A client keeps what it has made of its configuration; the password is in none of its enumerable properties. */
function targetOf({ connectionParameters, password }: NodePostgresClient): NodePostgresTarget {
  const { host, port, user, database, ssl, options } = connectionParameters
  return { host, port, user, database, ssl, options, password } as NodePostgresTarget
}

function has<K extends string>(value: unknown, key: K): value is { readonly [P in K]: unknown } {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && key in value
}
