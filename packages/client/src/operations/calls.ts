import type { LiveQueries } from '../live/live-queries.ts'
import type { LooseLive } from '../live/live-steps.ts'
import type { CallOptions } from '../options/call-options.ts'
import { columnOptions, filterOptions } from '../options/filter-options.ts'
import type { Ask } from '../request/ask.ts'
import type { Subscriptions } from '../subscription/subscriptions.ts'
import { aggregate, type LooseAggregate } from './aggregate.ts'
import { batch } from './batch.ts'
import type { BatchWrites } from './batch-writes.ts'
import { keyColumnOf, meta } from './meta.ts'
import { count, get, type LooseFilter, type LooseRead, read } from './read.ts'
import { rowNumber } from './row-number.ts'
import { type LooseStream, stream } from './stream.ts'
import { create, deleteMany, deleteOne, type LooseChange, type LooseCreate, updateMany, updateOne } from './write.ts'

interface LooseSubscribe extends LooseRead {
  readonly previous?: boolean | undefined
  readonly since?: string | undefined
  readonly snapshot?: boolean | undefined
  readonly durable?: string | undefined
}

/** The calls of a client, as loosely typed as they run. */
export function createCalls(ask: Ask, subscriptions: Subscriptions, lives: LiveQueries, timeoutMs: number) {
  const keyColumn = async (entity: string, call?: CallOptions) => keyColumnOf(await meta(ask, entity, call))
  return {
    read: (entity: string, call?: LooseRead) => read(ask, entity, call),
    get: (entity: string, key: unknown, call?: LooseRead) => get(ask, entity, key, call),
    stream: (entity: string, call?: LooseStream) => stream(ask, entity, call),
    rowNumber: (entity: string, key: unknown, call?: LooseRead) => rowNumber(ask, entity, key, call),
    count: (entity: string, where?: object, call?: LooseFilter) => count(ask, entity, where, call),
    aggregate: (entity: string, call: LooseAggregate) => aggregate(ask, entity, call),
    create: (entity: string, data: unknown, call?: LooseCreate) => create(ask, entity, data, call),
    update: (entity: string, key: unknown, data?: unknown, call?: LooseChange) =>
      Array.isArray(key)
        ? updateMany(ask, entity, key, data as CallOptions | undefined)
        : updateOne(ask, entity, key, data, call),
    delete: (entity: string, key: unknown, call?: LooseChange) =>
      Array.isArray(key)
        ? deleteMany(ask, entity, key, () => keyColumn(entity, call), call)
        : deleteOne(ask, entity, key, call),
    batch: (build: (writes: BatchWrites) => unknown, call?: CallOptions) => batch(ask, build, call),
    subscribe(entity: string, call: LooseSubscribe = {}) {
      const options = {
        ...columnOptions(call),
        filters: filterOptions(call),
        previous: call.previous,
        since: call.since,
        snapshot: call.snapshot,
        durable: call.durable,
      }
      return subscriptions.open({ entity, options, timeoutMs: call.timeoutMs ?? timeoutMs }, call.signal)
    },
    live: (entity: string, call?: LooseLive & CallOptions) => lives.open(entity, call),
    meta: (entity: string, call?: CallOptions) => meta(ask, entity, call),
    async ping(call?: CallOptions): Promise<number> {
      const start = performance.now()
      await ask({ type: 'ping' }, call)
      return performance.now() - start
    },
  }
}
