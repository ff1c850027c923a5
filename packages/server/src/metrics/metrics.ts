import type { AnyErrorCode } from '@mqttspec/protocol'

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

/**
 * Counts what a server does, and writes it in the text format of Prometheus.
 *
 * Written by hand: it is one counter, one histogram and some gauges, the format is fixed, and prom-client would bring a
 * registry that all servers of a process share.
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

  /** All figures, in version 0.0.4 of the text format. */
  text(): string {
    return `${[...this.#answerLines(), ...this.#durationLines(), ...this.#gaugeLines()].join('\n')}\n`
  }

  *#answerLines(): Generator<string> {
    const name = 'mqttspec_requests_total'
    yield* head(name, 'counter', 'Messages of clients by the code of their answer.')
    for (const [code, count] of this.#answers) yield `${name}{code="${code}"} ${count}`
  }

  *#durationLines(): Generator<string> {
    const name = 'mqttspec_request_duration_seconds'
    yield* head(name, 'histogram', 'How long messages took, from their turn until the answer was ready.')
    let sum = 0
    for (const [at, end] of BUCKETS.entries()) {
      sum += this.#buckets[at] ?? 0
      yield `${name}_bucket{le="${end}"} ${sum}`
    }
    yield `${name}_bucket{le="+Inf"} ${this.#durations}`
    yield `${name}_sum ${this.#seconds}`
    yield `${name}_count ${this.#durations}`
  }

  *#gaugeLines(): Generator<string> {
    for (const { name, help, read } of this.#gauges) {
      yield* head(name, 'gauge', help)
      yield `${name} ${read()}`
    }
  }
}

const head = (name: string, type: string, help: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
