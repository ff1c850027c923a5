import type { AnyErrorCode } from '@mqttspec/protocol'
import type { Figure } from './figure.ts'

/** How a message was answered: with `ok`, or with the code of an error. */
export type AnswerCode = 'ok' | AnyErrorCode

/** A figure that is looked up when somebody asks for it. */
export interface Gauge {
  readonly name: string
  readonly help: string
  readonly read: () => number
}

/** Upper ends of the classes in which the durations of requests are counted, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const REQUESTS = 'mqttspec_requests_total'
const DURATION = 'mqttspec_request_duration_seconds'

/**
 * Counts what a server does, and writes it in the text format of Prometheus.
 *
 * Written by hand: it is one counter, one histogram and some gauges, and the format is fixed. Who has a registry of
 * prom-client gets the same figures there: see `share-figures.ts`.
 */
export class Metrics {
  readonly #gauges: readonly Gauge[]
  readonly #answers = new Map<AnswerCode, number>()
  readonly #buckets = BUCKETS.map(() => 0)
  #durations = 0
  #seconds = 0

  constructor(gauges: readonly Gauge[]) {
    this.#gauges = gauges
  }

  /** Counts a message that was refused before anything was done for it. */
  refused(code: AnswerCode): void {
    this.#answers.set(code, (this.#answers.get(code) ?? 0) + 1)
  }

  /** Counts a message that was dealt with, and how long that took, without what it waited for its client. */
  answered(code: AnswerCode, durationMs: number): void {
    this.refused(code)
    const seconds = durationMs / 1_000
    this.#durations += 1
    this.#seconds += seconds
    const at = BUCKETS.findIndex((end) => seconds <= end)
    if (at >= 0) this.#buckets[at] = (this.#buckets[at] ?? 0) + 1
  }

  /** The figures as they are now. */
  figures(): readonly Figure[] {
    const gauges = this.#gauges.map(
      ({ name, help, read }): Figure => ({ name, help, type: 'gauge', values: [{ name, labels: {}, value: read() }] }),
    )
    return [this.#requests(), this.#duration(), ...gauges]
  }

  /** All figures, in version 0.0.4 of the text format. */
  text(): string {
    const lines = this.figures().flatMap(({ name, help, type, values }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...values.map((value) => `${value.name}${labelsOf(value.labels)} ${value.value}`),
    ])
    return `${lines.join('\n')}\n`
  }

  #requests(): Figure {
    const values = [...this.#answers].map(([code, value]) => ({ name: REQUESTS, labels: { code }, value }))
    return { name: REQUESTS, help: 'Messages of clients by the code of their answer.', type: 'counter', values }
  }

  #duration(): Figure {
    let sum = 0
    const classes = BUCKETS.map((end, at) => {
      sum += this.#buckets[at] ?? 0
      return { name: `${DURATION}_bucket`, labels: { le: String(end) }, value: sum }
    })
    const values = [
      ...classes,
      { name: `${DURATION}_bucket`, labels: { le: '+Inf' }, value: this.#durations },
      { name: `${DURATION}_sum`, labels: {}, value: this.#seconds },
      { name: `${DURATION}_count`, labels: {}, value: this.#durations },
    ]
    const help = 'How long messages took, from their turn until the answer was ready.'
    return { name: DURATION, help, type: 'histogram', values }
  }
}

// No label has a quote or a backslash in it: they are codes and numbers of ours.
function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}
