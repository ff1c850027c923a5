import type { CallOptions } from '../options/call-options.ts'
import type { Ask } from '../request/ask.ts'

/** The options of a change, as loosely typed as they run. */
export interface LooseChange extends CallOptions {
  readonly if?: object | undefined
}

/** The options of a create, as loosely typed as they run. */
export interface LooseCreate extends CallOptions {
  readonly onConflict?: object | undefined
}

/** Stores one row or many, and gives what was stored. */
export async function create(ask: Ask, entity: string, data: unknown, call: LooseCreate = {}): Promise<unknown> {
  const options = createOptions(call)
  const reply = await ask({ type: 'request', operation: 'create', entity, data, options }, call)
  return reply.data
}

/** Changes one row by its key, and gives it as it is now. */
export async function updateOne(
  ask: Ask,
  entity: string,
  key: unknown,
  data: unknown,
  call: LooseChange = {},
): Promise<unknown> {
  const options = changeOptions(call)
  const reply = await ask({ type: 'request', operation: 'update', entity, record_id: key, data, options }, call)
  return reply.data
}

/** Changes many rows, each named by its key's columns, and gives them as they are now. */
export async function updateMany(
  ask: Ask,
  entity: string,
  rows: readonly unknown[],
  call: CallOptions = {},
): Promise<unknown> {
  const reply = await ask({ type: 'request', operation: 'update', entity, data: rows }, call)
  return reply.data
}

/** Deletes one row by its key. */
export async function deleteOne(ask: Ask, entity: string, key: unknown, call: LooseChange = {}): Promise<void> {
  await ask({ type: 'request', operation: 'delete', entity, record_id: key, options: changeOptions(call) }, call)
}

/** Deletes many rows by their keys, and tells how many there were. `keyColumn` names the column of a bare key. */
export async function deleteMany(
  ask: Ask,
  entity: string,
  keys: readonly unknown[],
  keyColumn: () => Promise<string>,
  call: CallOptions = {},
): Promise<number> {
  if (keys.length === 0) return 0
  const bare = keys.some((key) => typeof key !== 'object' || key === null)
  const column = bare ? await keyColumn() : ''
  const data = bare ? keys.map((key) => ({ [column]: key })) : keys
  const reply = await ask({ type: 'request', operation: 'delete', entity, data }, call)
  return (reply.data as { deleted: number }).deleted
}

/** The options of a create as the wire has them. */
export const createOptions = (call: LooseCreate) => call.onConflict && { on_conflict: call.onConflict }

/** The options of a change as the wire has them. */
export const changeOptions = (call: LooseChange) => call.if && { if: call.if }
