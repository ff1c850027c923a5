import type { Figure } from './figure.ts'

/** What a registry of prom-client has to be able to do; nothing of prom-client is imported. */
export interface MetricRegistry {
  registerMetric(metric: never): void
  removeSingleMetric(name: string): void
}

/**
 * Adds figures to a registry of prom-client, which then asks for them when it is asked itself: a request costs nothing
 * more for it. Returns what takes them out again. Throws when a name is taken, as by a second server with one registry.
 */
export function shareFigures(registry: MetricRegistry, figures: () => readonly Figure[]): () => void {
  const shared: string[] = []
  const remove = (): void => {
    for (const name of shared.splice(0)) registry.removeSingleMetric(name)
  }
  try {
    for (const { name, help, type } of figures()) {
      registry.registerMetric(new SharedFigure(name, help, type, figures) as never)
      shared.push(name)
    }
  } catch (error) {
    remove()
    throw error
  }
  return remove
}

/** A metric as a registry of prom-client knows it. */
class SharedFigure {
  readonly name: string
  readonly help: string
  readonly type: Figure['type']
  readonly #figures: () => readonly Figure[]

  constructor(name: string, help: string, type: Figure['type'], figures: () => readonly Figure[]) {
    this.name = name
    this.help = help
    this.type = type
    this.#figures = figures
  }

  async get(): Promise<object> {
    const { name, help, type } = this
    const found = this.#figures().find((figure) => figure.name === name)
    const values = found?.values.map((value) => ({ ...value, metricName: value.name })) ?? []
    return { name, help, type, values, aggregator: 'sum' }
  }

  /** What a server has done stays done. */
  reset(): void {}
}
