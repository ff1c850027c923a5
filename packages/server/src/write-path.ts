import {
  type BatchRequest,
  type CreateRequest,
  type DeleteRequest,
  decodeJson,
  type Limits,
  SpecError,
  type UpdateRequest,
} from '@mqttspec/protocol'
import type { Access } from './access/access.ts'
import type { Change } from './change/change.ts'
import type { ChangeSource } from './change/source/change-source.ts'
import type { WriteOrder } from './change/source/write-order.ts'
import type { Database, Runner } from './db/database.ts'
import { DatabaseError } from './db/database-error.ts'
import { retryConflicts } from './db/retry-conflicts.ts'
import { isOneStatement, runWrite, type Written, withIndex } from './db/run-write.ts'
import type { RequestRules } from './decode/request-rules.ts'
import { type BatchStep, resolveBatch } from './decode/resolve-batch.ts'
import { resolveWrite } from './decode/resolve-write.ts'
import type { Entity } from './entity/entity.ts'
import type { Registry } from './entity/registry.ts'
import type { Write } from './query/write.ts'

/*
 * The part of a request's path that only writes go:
 *
 *     checked write ──► turn of its rows ──► db ──► (reply) ──► change/source
 */

/** What a write goes through. */
export interface WriteSteps {
  readonly registry: Registry
  readonly limits: Limits
  readonly database: Database
  readonly order: WriteOrder
  readonly source: ChangeSource
}

/** A committed write: its `data` as JSON text, and what hands its changes on, once its reply is out. */
export interface CommittedWrite {
  readonly data: string
  readonly handOn: () => void
}

/** Checks and runs a write. Rejects with the cause's code; nothing is stored then. */
export async function write(
  entity: Entity,
  request: CreateRequest | UpdateRequest | DeleteRequest,
  access: Access,
  steps: WriteSteps,
): Promise<CommittedWrite> {
  const checked = resolveWrite(entity, request, { ...steps, access })
  return inTurn([{ entity, write: checked }], steps, () => run(checked, steps.database))
}

/** Checks and runs the writes of a batch in one transaction. Rejects with the first one's cause and its index. */
export async function batch(request: BatchRequest, access: Access, steps: WriteSteps): Promise<CommittedWrite> {
  const rules = { ...steps, access }
  const checked = resolveBatch(request, steps.registry, steps.limits)
  // What waits for no result is checked before anything runs.
  const known = checked.flatMap((step, index) =>
    step.refers ? [] : [{ entity: step.entity, write: resolveStep(step, index, [], rules) }],
  )
  return inTurn(known, steps, () =>
    retryConflicts(() => steps.database.transaction((transaction) => runBatch(checked, transaction, rules))),
  )
}

async function runBatch(checked: readonly BatchStep[], transaction: Runner, rules: RequestRules): Promise<Written> {
  const replies: string[] = []
  const results: unknown[] = []
  const changes: Change[] = []
  for (const [index, step] of checked.entries()) {
    const write = resolveStep(step, index, results, rules)
    const written = await runWrite(transaction, write).catch((error: unknown) =>
      Promise.reject(withIndex(error, index)),
    )
    replies.push(written.data)
    results.push(decodeJson(written.data))
    changes.push(...written.changes)
  }
  return { data: `[${replies.join(',')}]`, changes }
}

function resolveStep(step: BatchStep, index: number, results: readonly unknown[], rules: RequestRules): Write {
  try {
    return resolveWrite(step.entity, step.request(results), rules)
  } catch (error) {
    if (!(error instanceof SpecError)) throw error
    const path = error.details?.path ?? []
    const inMessage = path[0] === 'data' && path[1] === 'operations' ? path : [...step.path, ...path]
    throw new SpecError(error.code, error.message, { ...error.details, path: inMessage, index }, error.cause)
  }
}

/** One statement where that is enough; else a transaction. */
async function run(write: Write, database: Database): Promise<Written> {
  const inTransaction = (oneByOne: boolean) =>
    retryConflicts(() => database.transaction((transaction) => runWrite(transaction, write, oneByOne)))
  if (!isOneStatement(write)) return inTransaction(true)
  try {
    return await retryConflicts(() => runWrite(database, write))
  } catch (error) {
    // Of many rows stored at once, only one by one can tell which of them is wrong.
    const isOfMany = write.is === 'create' && write.create.rows.length > 1
    if (!isOfMany || !(error instanceof DatabaseError) || error.connectionLost) throw error
    return inTransaction(true)
  }
}

/** Runs a write when its rows' turn has come. The turn ends when the changes have been handed on. */
async function inTurn(
  writes: readonly { readonly entity: Entity; readonly write: Write }[],
  { order, source }: WriteSteps,
  run: () => Promise<Written>,
): Promise<CommittedWrite> {
  const giveUp = await order.take(writes.flatMap(({ entity, write }) => rowNames(entity, write)))
  const tables = new Set(writes.map(({ entity }) => entity.tableName))
  const created = writes.flatMap(({ entity, write }) => (write.is === 'create' ? [order.create(entity.tableName)] : []))
  const release = () => {
    for (const done of created) done()
    giveUp()
  }
  try {
    const { data, changes } = await run()
    const handOn = async () => {
      if (created.length === 0) await Promise.all([...tables].map((table) => order.createsBefore(table)))
      source.committed(changes)
      release()
    }
    return { data, handOn: () => void handOn() }
  } catch (error) {
    release()
    throw error
  }
}

/** A text for each row that a write names by its key. */
function rowNames(entity: Entity, write: Write): readonly string[] {
  const name = (key: readonly string[]) => JSON.stringify([entity.tableName, ...key])
  if (write.is === 'update') return write.updates.map(({ key }) => name(key))
  if (write.is === 'delete') return write.deletes.map(({ key }) => name(key))
  return write.create.rows.flatMap(({ values }) => {
    const key = entity.key.map((column) => values.get(column)?.text)
    return key.some((part) => part === undefined) ? [] : [name(key as string[])]
  })
}
