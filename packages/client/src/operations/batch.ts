import { SpecError } from '@mqttspec/protocol'
import type { CallOptions } from '../options/call-options.ts'
import type { Ask } from '../request/ask.ts'
import { BatchWrites } from './batch-writes.ts'

/** Sends what `build` asks for as one message, and gives what it returns with the stored rows in it. */
export async function batch(
  ask: Ask,
  build: (writes: BatchWrites) => unknown,
  call: CallOptions = {},
): Promise<unknown> {
  const writes = new BatchWrites()
  const form = build(writes)
  if (form instanceof Promise) {
    throw new SpecError('invalid_data', 'A batch is built at once: give it a function that returns no promise.')
  }
  const { operations } = writes
  if (operations.length === 0) return writes.outcome(form, [])
  const { data } = await ask({ type: 'request', operation: 'batch', data: { operations } }, call)
  return writes.outcome(form, data as readonly unknown[])
}
