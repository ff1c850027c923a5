import { DEFAULT_LIMITS, DEFAULT_TOPIC_PREFIX, type Limits } from '@mqttspec/protocol'
import type { DatabaseSource } from './db/open-database.ts'
import type { HttpOptions } from './health/http-listener.ts'
import type { Logger } from './logger.ts'
import type { MetricRegistry } from './metrics/share-figures.ts'
import { redacting } from './redacting-logger.ts'
import type { EmbeddedBrokerOptions } from './transport/embedded-options.ts'
import type { ExternalBrokerOptions } from './transport/external-broker.ts'
import type { DeliveryQos } from './transport/transport.ts'

/** Where and how a server runs. */
export interface ListenOptions {
  /** `postgres://…`, `pglite:PATH`, a Drizzle instance, or nothing: PGlite in memory. */
  readonly database?: DatabaseSource | undefined
  /** The broker that is embedded in this process (the default), or with `url` one that runs elsewhere. */
  readonly broker?: EmbeddedBrokerOptions | ExternalBrokerOptions | undefined
  /** A folder of Drizzle's migrations to run first. */
  readonly migrations?: string | undefined
  /** Creates the tables that the database lacks. The default for PGlite in memory, and only there. */
  readonly createTables?: boolean | undefined
  /**
   * Sets the change stream up: a schema `mqttspec`, and a trigger on each table. The default on PGlite. On a Postgres
   * server without it and without a set-up, only this server's own changes are told of.
   */
  readonly install?: boolean | undefined
  /** The first part of every topic. `spec` unless said; it may hold `/`. */
  readonly topicPrefix?: string | undefined
  /** How MQTT is spoken in each direction; 1 unless said. */
  readonly qos?: Partial<DeliveryQos> | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly logger?: Logger | undefined
  /** Serves `/livez`, `/readyz` and `/metrics` on a port of their own. */
  readonly http?: HttpOptions | undefined
  /** Adds the server's figures to a registry of prom-client, until it closes. */
  readonly metrics?: { readonly registry: MetricRegistry } | undefined
  /** Closes the server on SIGTERM and SIGINT: what runs is finished, then the process ends. Not unless said. */
  readonly signals?: boolean | undefined
  /** Listens beyond loopback although everybody may do everything. */
  readonly allowAnonymous?: boolean | undefined
}

/** The options, complete and checked. */
export interface CheckedOptions extends ListenOptions {
  readonly topicPrefix: string
  readonly qos: DeliveryQos
  readonly limits: Limits
  readonly logger: Logger
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Checks options. Throws one error that lists all that is wrong. */
export function checkOptions(options: ListenOptions, authenticates: boolean): CheckedOptions {
  const topicPrefix = options.topicPrefix ?? DEFAULT_TOPIC_PREFIX
  const qos = { request: 1, response: 1, notification: 1, ...options.qos } as const
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const wrong = [
    ...prefixTrouble(topicPrefix),
    ...Object.entries(qos).flatMap(([direction, level]) =>
      [0, 1, 2].includes(level) ? [] : [`qos.${direction} is ${level}: it is 0, 1 or 2`],
    ),
    ...limitTrouble(limits),
    ...httpTrouble(options.http),
    ...(authenticates ? [] : hostTrouble(options)),
  ]
  if (wrong.length > 0) throw new Error(`the server cannot start:\n- ${wrong.join('\n- ')}`)
  return { ...options, topicPrefix, qos, limits, logger: redacting(options.logger ?? consoleLogger) }
}

function httpTrouble(http: HttpOptions | undefined): string[] {
  if (!http || (Number.isInteger(http.port) && http.port >= 0 && http.port <= 65_535)) return []
  return [`http.port is ${http.port}: it is a number from 0 to 65535`]
}

function prefixTrouble(prefix: string): string[] {
  const levels = prefix.split('/')
  const usable = levels.every((level) => level !== '' && !/[+#\0]/.test(level)) && !prefix.startsWith('$')
  return usable
    ? []
    : [`topicPrefix is "${prefix}": levels between "/" cannot be empty or hold + or #, nor the first begin with $`]
}

/** Limits without which nothing would ever be answered. */
const NEVER_ZERO = new Set<string>([
  'maxInFlight',
  'maxInFlightPerClient',
  'maxRequestsPerSecond',
  'maxRequestBurst',
  'maxRequestMs',
] satisfies (keyof Limits)[])

function limitTrouble(limits: Limits): string[] {
  return Object.entries(limits).flatMap(([name, value]) => {
    if (!Object.hasOwn(DEFAULT_LIMITS, name))
      return [`limits.${name} is no limit; they are ${Object.keys(DEFAULT_LIMITS).join(', ')}`]
    const least = NEVER_ZERO.has(name) ? 1 : 0
    return Number.isSafeInteger(value) && value >= least
      ? []
      : [`limits.${name} is ${value}: it is a whole number from ${least}`]
  })
}

function hostTrouble({ broker, allowAnonymous }: ListenOptions): string[] {
  if (allowAnonymous || !broker || 'url' in broker || broker.host === undefined || LOOPBACK.has(broker.host)) return []
  return [
    `broker.host is ${broker.host}, where anybody could do anything: give defineSpec an authenticate, or set allowAnonymous: true if that is meant`,
  ]
}

/** What is worth a look goes to the console; the rest nowhere. */
const consoleLogger: Logger = {
  info: () => {},
  warn: (facts, message) => console.warn(`mqttspec: ${message}`, facts),
  error: (facts, message) => console.error(`mqttspec: ${message}`, facts),
}
