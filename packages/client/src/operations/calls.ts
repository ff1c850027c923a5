import type { CallOptions } from '../options/call-options.ts'
import { columnOptions, filterOptions } from '../options/filter-options.ts'
import type { Ask } from '../request/ask.ts'
import type { Subscriptions } from '../subscription/subscriptions.ts'
import { keyColumnOf, meta } from './meta.ts'
import { count, get, type LooseRead, read } from './read.ts'
import { create, deleteMany, deleteOne, type LooseChange, updateMany, updateOne } from './write.ts'

interface LooseSubscribe extends LooseRead {
  readonly previous?: boolean | undefined
}

/** The calls of a client, as loosely typed as they run. */
export function createCalls(ask: Ask, subscriptions: Subscriptions, timeoutMs: number) {
  const keyColumn = async (entity: string, call?: CallOptions) => keyColumnOf(await meta(ask, entity, call))
  return {
    read: (entity: string, call?: LooseRead) => read(ask, entity, call),
    get: (entity: string, key: unknown, call?: LooseRead) => get(ask, entity, key, call),
    count: (entity: string, where?: object, call?: LooseRead) => count(ask, entity, where, call),
    create: (entity: string, data: unknown, call?: CallOptions) => create(ask, entity, data, call),
    update: (entity: string, key: unknown, data?: unknown, call?: LooseChange) =>
      Array.isArray(key)
        ? updateMany(ask, entity, key, data as CallOptions | undefined)
        : updateOne(ask, entity, key, data, call),
    delete: (entity: string, key: unknown, call?: LooseChange) =>
      Array.isArray(key)
        ? deleteMany(ask, entity, key, () => keyColumn(entity, call), call)
        : deleteOne(ask, entity, key, call),
    subscribe(entity: string, call: LooseSubscribe = {}) {
      const options = { ...columnOptions(call), filters: filterOptions(call), previous: call.previous }
      return subscriptions.open({ entity, options, timeoutMs: call.timeoutMs ?? timeoutMs }, call.signal)
    },
    meta: (entity: string, call?: CallOptions) => meta(ask, entity, call),
    async ping(call?: CallOptions): Promise<number> {
      const start = performance.now()
      await ask({ type: 'ping' }, call)
      return performance.now() - start
    },
  }
}
