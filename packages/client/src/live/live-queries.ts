import { decodeJson, encodeJson } from '@mqttspec/protocol'
import type { CallOptions } from '../options/call-options.ts'
import { filterOptions } from '../options/filter-options.ts'
import { type LiveClient, LiveQuery } from './live-query.ts'
import { LiveReader } from './live-reader.ts'
import type { LooseLive } from './live-steps.ts'

/** The live queries of a client: equal ones are one, with as many readers as there are. */
export class LiveQueries {
  readonly #client: LiveClient
  readonly #queries = new Map<string, LiveQuery>()
  readonly #readers = new Set<LiveReader>()

  constructor(client: LiveClient) {
    this.#client = client
  }

  /** Opens one. It is returned at once; its `ready` and its iterator tell what becomes of it. */
  open(entity: string, { signal, ...call }: LooseLive & Pick<CallOptions, 'signal'> = {}): LiveReader {
    if (signal?.aborted) return abortedReader(signal)
    const name = nameOf(entity, call)
    const query = this.#queries.get(name) ?? this.#begin(name, entity, call)
    const reader = new LiveReader(signal, async (over) => {
      this.#readers.delete(over)
      await query.leave(over)
    })
    this.#readers.add(reader)
    query.join(reader)
    return reader
  }

  /** Ends all of them, as their readers see it. */
  closeAll(): void {
    for (const reader of this.#readers) void reader.close()
  }

  #begin(name: string, entity: string, call: LooseLive): LiveQuery {
    const query: LiveQuery = new LiveQuery({ entity, call }, this.#client, () => {
      if (this.#queries.get(name) === query) this.#queries.delete(name)
    })
    this.#queries.set(name, query)
    return query
  }
}

function abortedReader(signal: AbortSignal): LiveReader {
  const reader = new LiveReader(undefined, async () => {})
  reader.fail(signal.reason)
  return reader
}

/** The same text for questions that ask for the same, whatever the order of their options. Throws as a read does. */
function nameOf(entity: string, { timeoutMs: _, ...call }: LooseLive): string {
  // What would otherwise be left out in silence is refused here.
  filterOptions(call)
  return JSON.stringify([entity, sorted(decodeJson(encodeJson(call)))])
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, of]) => [name, sorted(of)])
}
