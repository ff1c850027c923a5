import {
  type BatchRequest,
  type CreateRequest,
  type DeleteRequest,
  decodeJson,
  type Limits,
  SpecError,
  type UpdateRequest,
} from '@mqttspec/protocol'
import type { Asker, HookSteps } from './asker.ts'
import type { Change } from './change/change.ts'
import type { ChangeSource } from './change/source/change-source.ts'
import type { WriteOrder } from './change/source/write-order.ts'
import type { Runner } from './db/database.ts'
import { DatabaseError } from './db/database-error.ts'
import { replyTooLarge } from './db/explain-error.ts'
import { retryConflicts } from './db/retry-conflicts.ts'
import { runOnce } from './db/run-once.ts'
import { isOneStatement, runWrite, type Written, withIndex } from './db/run-write.ts'
import type { RequestRules } from './decode/request-rules.ts'
import { type BatchStep, resolveBatch } from './decode/resolve-batch.ts'
import { resolveWrite, type WriteRequest } from './decode/resolve-write.ts'
import type { Entity } from './entity/entity.ts'
import type { Registry } from './entity/registry.ts'
import type { RowHooks } from './hooks/row-hooks.ts'
import type { Logger } from './logger.ts'
import { type LoggedRequest, logStatement } from './query/request-log.ts'
import type { Write } from './query/write.ts'

/*
 * The part of a request's path that only writes go:
 *
 *     checked write ──► hooks ──► db ──► hooks ──► change/source, reply ──► afterCommit
 *                      └──── one transaction ───┘
 */

/** What a write goes through. */
export interface WriteSteps extends HookSteps {
  readonly limits: Limits
  /** Keeps the order of what the source is told; a source that reads a log needs none. */
  readonly order: WriteOrder | undefined
  readonly source: ChangeSource
  readonly logger: Logger
}

/** A committed write: its `data` as JSON text, and what hooks have asked to do once its reply is out. */
export interface CommittedWrite {
  readonly data: string
  /** When it was answered first, if it had run already. */
  readonly repliedAt: string | undefined
  readonly afterCommit: () => void
}

/** Checks and runs a write. Rejects with the cause's code; nothing is stored then. */
export async function write(
  entity: Entity,
  request: CreateRequest | UpdateRequest | DeleteRequest,
  { access, hooks }: Asker,
  logged: LoggedRequest | undefined,
  steps: WriteSteps,
): Promise<CommittedWrite> {
  const rules = { ...steps, access }
  const checked = resolveWrite(entity, request, rules)
  const isHooked = hooks.mask || hooks.concern(writtenEntities(entity, checked, steps.registry))
  let masked: string | undefined
  const hooked = async (transaction: Runner) => {
    const written = await runHooked(transaction, entity, request, hooks, rules)
    // Before the commit: a hook that throws here takes the write back, and is not told of one that stays.
    masked = fitting(await shown(entity, checked, written.data, hooks), steps.limits)
    return written
  }
  const written = await handOn([{ entity, write: checked }], hooks, logged, isHooked, steps, () =>
    isHooked ? inTransaction(steps, hooks, logged, hooked) : run(checked, steps, logged),
  )
  const isRepeat = written.repliedAt !== logged?.repliedAt
  return { ...written, data: (isRepeat ? undefined : masked) ?? (await shown(entity, checked, written.data, hooks)) }
}

/** Checks and runs the writes of a batch in one transaction. Rejects with the first one's cause and its index. */
export async function batch(
  request: BatchRequest,
  { access, hooks }: Asker,
  logged: LoggedRequest | undefined,
  steps: WriteSteps,
): Promise<CommittedWrite> {
  const rules = { ...steps, access }
  const checked = resolveBatch(request, steps.registry, steps.limits)
  // What waits for no result is checked before anything runs.
  const known = checked.flatMap((step, index) =>
    step.refers ? [] : [{ entity: step.entity, write: resolveStep(step, index, [], rules) }],
  )
  const isHooked = hooks.mask || hooks.concern(steps.registry.all())
  return handOn(known, hooks, logged, isHooked, steps, () =>
    inTransaction(steps, hooks, logged, (transaction) => runBatch(checked, transaction, hooks, rules)),
  )
}

/** The entities that a write may touch: its own, and of one that carries related rows any. */
function writtenEntities(entity: Entity, write: Write, registry: Registry): Iterable<Entity> {
  const rows =
    write.is === 'create' ? write.create.rows : write.is === 'update' ? write.updates.map(({ row }) => row) : []
  return rows.some(({ children }) => children.length > 0) ? registry.all() : [entity]
}

/** The stored rows as their writer may see them: a hook that masks a column of reads masks it here too. */
async function shown(entity: Entity, { is }: Write, data: string, hooks: RowHooks): Promise<string> {
  return is === 'delete' ? data : hooks.afterRead(entity, data, 'read')
}

/** Runs a transaction and logs its request, again if it only met another one, with nothing left of the earlier tries. */
function inTransaction(
  { database, bindDrizzle }: WriteSteps,
  hooks: RowHooks,
  logged: LoggedRequest | undefined,
  body: (transaction: Runner) => Promise<Written>,
): Promise<Written> {
  return retryConflicts(() => {
    hooks.startAgain()
    return database.transaction((transaction) =>
      hooks.within(
        () => bindDrizzle(transaction),
        () => bodyAndLog(transaction, logged, body),
      ),
    )
  })
}

async function bodyAndLog(
  transaction: Runner,
  logged: LoggedRequest | undefined,
  body: (transaction: Runner) => Promise<Written>,
): Promise<Written> {
  const written = await body(transaction)
  if (logged) await transaction.run(logStatement(logged, written.data))
  return written
}

/** Runs a write with the hooks around it. What the hooks before it leave is checked as what came from the client was. */
async function runHooked(
  transaction: Runner,
  entity: Entity,
  request: WriteRequest,
  hooks: RowHooks,
  rules: RequestRules,
): Promise<Written> {
  const prepared = await prepare(entity, request, hooks)
  const written = await runWrite(transaction, resolveWrite(entity, prepared, { ...rules, trusted: true }), {
    oneByOne: true,
  })
  await hooks.after(written.changes)
  return written
}

/** The write as the hooks before it leave its rows. */
async function prepare(entity: Entity, request: WriteRequest, hooks: RowHooks): Promise<WriteRequest> {
  const { operation, data } = request
  if (Array.isArray(data)) {
    const rows = []
    for (const [index, row] of data.entries()) {
      const prepared = hooks.before(entity, operation, row)
      rows.push(await prepared.catch((error: unknown) => Promise.reject(withIndex(error, index))))
    }
    return { ...request, data: rows }
  }
  const key = operation === 'create' ? undefined : request.record_id
  const named = key === undefined ? {} : typeof key === 'object' ? key : { [entity.key[0]?.name ?? '']: key }
  const row = await hooks.before(entity, operation, operation === 'delete' ? { ...named, ...data } : { ...data })
  return operation === 'delete' ? request : { ...request, data: row }
}

async function runBatch(
  checked: readonly BatchStep[],
  transaction: Runner,
  hooks: RowHooks,
  rules: RequestRules,
): Promise<Written> {
  const replies: string[] = []
  const results: unknown[] = []
  const changes: Change[] = []
  for (const [index, step] of checked.entries()) {
    const write = resolveStep(step, index, results, rules)
    const run = hooks.concern(rules.registry.all())
      ? runHooked(transaction, step.entity, step.request(results), hooks, rules)
      : runWrite(transaction, write)
    const written = await run.catch((error: unknown) => Promise.reject(withIndex(error, index)))
    replies.push(await shown(step.entity, write, written.data, hooks))
    results.push(decodeJson(written.data))
    changes.push(...written.changes)
  }
  return { data: fitting(`[${replies.join(',')}]`, rules.limits), changes }
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

/** What a reply says beside its data: an id of 128 bytes, escaped, and its other fields. */
const HEAD_BYTES = 1_024

const mostData = ({ maxResponseBytes }: Limits): number => Math.max(maxResponseBytes - HEAD_BYTES, 0)

/** The data of a reply; throws when it is too large for one, which takes the write back: what cannot be told is not done. */
function fitting(data: string, limits: Limits): string {
  const most = mostData(limits)
  if (data.length * 3 > most && Buffer.byteLength(data) > most) throw replyTooLarge()
  return data
}

/** One statement where that is enough; else a transaction. */
async function run(
  write: Write,
  { database, limits }: WriteSteps,
  request: LoggedRequest | undefined,
): Promise<Written> {
  const body = async (transaction: Runner) => {
    const written = await runWrite(transaction, write, { oneByOne: true })
    fitting(written.data, limits)
    return written
  }
  const oneByOne = () =>
    retryConflicts(() => database.transaction((transaction) => bodyAndLog(transaction, request, body)))
  if (!isOneStatement(write)) return oneByOne()
  try {
    return await retryConflicts(() => runWrite(database, write, { reply: { request, maxBytes: mostData(limits) } }))
  } catch (error) {
    // Of many rows stored at once, only one by one can tell which of them is wrong.
    const isOfMany = write.is === 'create' && write.create.rows.length > 1
    if (!isOfMany || !(error instanceof DatabaseError) || error.connectionLost) throw error
    return oneByOne()
  }
}

/** Runs a write once, and hands its changes on. */
async function handOn(
  writes: readonly { readonly entity: Entity; readonly write: Write }[],
  hooks: RowHooks,
  logged: LoggedRequest | undefined,
  isHooked: boolean,
  { order, source, logger, database }: WriteSteps,
  run: () => Promise<Written>,
): Promise<CommittedWrite> {
  const turn = await order?.take(writes)
  try {
    const written = logged ? await runOnce(database, logged, isHooked, run) : { ...(await run()), repliedAt: undefined }
    const { data, changes, repliedAt } = written
    // A repeat has run its hooks the first time.
    if (changes.length === 0) hooks.startAgain()
    if (turn)
      void turn
        .come()
        .then(() => source.committed(changes))
        .finally(turn.end)
    else if (changes.length > 0) source.committed(changes)
    return { data, repliedAt, afterCommit: () => void runAfterCommit(hooks, logger) }
  } catch (error) {
    turn?.end()
    throw error
  }
}

/** Runs the side effects of a committed write. One that fails undoes nothing: that is for the log. */
async function runAfterCommit({ committed, about }: RowHooks, logger: Logger): Promise<void> {
  for (const effect of committed) {
    try {
      await effect()
    } catch (error) {
      logger.error({ ...about, err: error }, 'what a hook does after a commit has failed')
    }
  }
}
