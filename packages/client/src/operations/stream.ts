import { SpecError } from '@mqttspec/protocol'
import type { Ask } from '../request/ask.ts'
import { type LooseRead, read } from './read.ts'

/** The options of a stream, as loosely typed as they run. */
export interface LooseStream extends LooseRead {
  readonly pageSize?: number | undefined
}

const PAGE_SIZE = 200

/** Every row that matches, page by page, each page after the last row of the one before. */
export function stream(ask: Ask, entity: string, call: LooseStream = {}): AsyncIterable<Record<string, unknown>> {
  const { pageSize = PAGE_SIZE } = call
  // A page of no rows would read as the end.
  if (!(pageSize >= 1))
    throw new SpecError('invalid_options', `pageSize is ${pageSize}: read at least one row at once.`)
  return { [Symbol.asyncIterator]: () => pages(ask, entity, pageSize, call) }
}

async function* pages(ask: Ask, entity: string, pageSize: number, call: LooseStream) {
  let left = call.limit ?? Number.POSITIVE_INFINITY
  let { after } = call
  while (left > 0) {
    const page = await read(ask, entity, { ...call, after, limit: Math.min(pageSize, left) })
    for (const row of page.data) {
      yield row
      call.signal?.throwIfAborted()
    }
    left -= page.count
    if (page.next === undefined) return
    after = page.next
  }
}
