import type { Runner } from '../db/database.ts'
import type { Admission } from '../decode/admission.ts'
import type { Logger } from '../logger.ts'
import { type Gauge, Metrics } from '../metrics/metrics.ts'
import { type MetricRegistry, shareFigures } from '../metrics/share-figures.ts'
import { closeOnSignals } from './close-on-signals.ts'
import { type Health, HealthCheck } from './health.ts'
import { type HttpListener, type HttpOptions, listenHttp } from './http-listener.ts'

/** What is to be known of the change stream. */
export interface StreamFigures {
  readonly position: number
  readonly prunedTo: number
  readonly waiting: { readonly changes: number; readonly oldestMs: number }
  readonly kept: { readonly changes: number; readonly bytes: number }
  readonly durable: readonly { readonly behind: number | undefined }[]
}

/** What an operator's view of a server is made of. */
export interface OperationsParts {
  readonly database: Runner
  readonly admission: Admission
  readonly sessions: { readonly size: number; readonly connected: number }
  readonly subscriptions: { readonly size: number }
  /** The change stream as it was a moment ago, where there is one. */
  readonly stream: (() => StreamFigures | undefined) | undefined
  readonly broker: Health['broker']
  readonly logger: Logger
  readonly isOpen: () => boolean
}

/** How those who run a server look at it. */
export interface OperationsOptions {
  readonly http?: HttpOptions | undefined
  readonly signals?: boolean | undefined
  readonly metrics?: { readonly registry: MetricRegistry } | undefined
}

const gauge = (name: string, help: string, read: () => number): Gauge => ({
  name: `mqttspec_${name}`,
  help,
  read,
})

/** What those who run a server can ask of it. */
export class Operations {
  readonly metrics: Metrics
  readonly #parts: OperationsParts
  readonly #check: HealthCheck
  #http: HttpListener | undefined
  #ignoreSignals: (() => void) | undefined
  #unshare: (() => void) | undefined

  constructor(parts: OperationsParts) {
    this.#parts = parts
    const { database, isOpen } = parts
    this.#check = new HealthCheck({ database, isOpen, figures: () => this.#figures() })
    this.metrics = new Metrics([
      gauge('up', 'Does it take requests?', () => Number(isOpen())),
      gauge('sessions', 'MQTT sessions.', () => parts.sessions.size),
      gauge('connected_clients', 'Clients that are connected.', () => parts.sessions.connected),
      gauge('subscriptions', 'Subscriptions to rows.', () => parts.subscriptions.size),
      gauge('requests_running', 'Messages that are worked on.', () => parts.admission.running),
      gauge('requests_waiting', 'Messages that wait their turn.', () => parts.admission.waiting),
      ...(parts.stream ? streamGauges(parts.stream) : []),
      gauge('resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss()),
    ])
  }

  /** Where figures are served, if they are. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#http && { host: this.#http.host, port: this.#http.port }
  }

  health(): Promise<Health> {
    return this.#check.look()
  }

  /** Serves and shares the figures and heeds signals, as far as asked. Rejects when the port can not be had. */
  async start({ http, signals, metrics }: OperationsOptions, close: () => Promise<void>): Promise<void> {
    if (metrics) this.#unshare = shareFigures(metrics.registry, () => this.metrics.figures())
    if (http) this.#http = await listenHttp(http, { health: () => this.health(), metrics: () => this.metrics.text() })
    if (signals) this.#ignoreSignals = closeOnSignals(close, this.#parts.logger)
  }

  async stop(): Promise<void> {
    this.#ignoreSignals?.()
    this.#unshare?.()
    await this.#http?.close()
  }

  #figures(): Omit<Health, 'status' | 'database' | 'uptimeSeconds'> {
    const { admission, sessions, subscriptions, broker } = this.#parts
    return {
      broker,
      sessions: sessions.size,
      connected: sessions.connected,
      subscriptions: subscriptions.size,
      running: admission.running,
      waiting: admission.waiting,
    }
  }
}

const streamGauges = (stream: () => StreamFigures | undefined): readonly Gauge[] => [
  gauge('stream_position', 'Changes that have had a position.', () => stream()?.position ?? 0),
  gauge('stream_pruned_position', 'Changes up to this position are forgotten.', () => stream()?.prunedTo ?? 0),
  gauge('stream_waiting_changes', 'Committed changes without a position.', () => stream()?.waiting.changes ?? 0),
  gauge('stream_waiting_seconds', 'Age of the oldest of them.', () => (stream()?.waiting.oldestMs ?? 0) / 1_000),
  gauge('stream_kept_changes', 'Changes that are kept.', () => stream()?.kept.changes ?? 0),
  gauge('stream_kept_bytes', 'Bytes that they take.', () => stream()?.kept.bytes ?? 0),
  gauge('durable_subscriptions', 'Durable subscriptions.', () => stream()?.durable.length ?? 0),
  gauge('durable_behind_changes', 'Changes that the last of them is behind.', () => furthest(stream()?.durable ?? [])),
]

const furthest = (durable: StreamFigures['durable']) => Math.max(0, ...durable.map(({ behind = 0 }) => behind))
