import type { CreateRequest, DeleteRequest, Limits, UpdateRequest } from '@mqttspec/protocol'
import type { Change } from './change/change.ts'
import type { ChangeSource } from './change/source/change-source.ts'
import type { WriteOrder } from './change/source/write-order.ts'
import type { Database } from './db/database.ts'
import { runCreate, runDeletes, runUpdates, type Written } from './db/run-write.ts'
import { resolveCreate, resolveDelete, resolveUpdate } from './decode/resolve-write.ts'
import type { Entity } from './entity/entity.ts'
import type { Update } from './query/write.ts'

/*
 * The part of a request's path that only writes go:
 *
 *     checked write ──► turn of its rows ──► db ──► (reply) ──► change/source
 */

/** What a write goes through. */
export interface WriteSteps {
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
export function write(
  entity: Entity,
  request: CreateRequest | UpdateRequest | DeleteRequest,
  steps: WriteSteps,
): Promise<CommittedWrite> {
  switch (request.operation) {
    case 'create':
      return create(entity, request, steps)
    case 'update': {
      const { rows, list } = resolveUpdate(entity, request, steps.limits)
      return change(entity, rows, steps, () => runUpdates(steps.database, rows, list))
    }
    case 'delete': {
      const { rows, list } = resolveDelete(entity, request, steps.limits)
      return change(entity, rows, steps, () => runDeletes(steps.database, rows, list))
    }
  }
}

async function create(entity: Entity, request: CreateRequest, steps: WriteSteps): Promise<CommittedWrite> {
  const { list, ...resolved } = resolveCreate(entity, request, steps.limits)
  const keys = resolved.rows.flatMap((row) => {
    const key = entity.key.map((column) => row.get(column)?.text)
    return key.includes(undefined) ? [] : [rowName(entity, key)]
  })
  const giveUp = await steps.order.take(keys)
  const created = steps.order.create(entity.tableName)
  const release = () => {
    created()
    giveUp()
  }
  return committed(
    () => runCreate(steps.database, resolved, list),
    release,
    (changes) => {
      steps.source.committed(changes)
      release()
    },
  )
}

async function change(
  entity: Entity,
  rows: readonly Pick<Update, 'key'>[],
  steps: WriteSteps,
  run: () => Promise<Written>,
): Promise<CommittedWrite> {
  const giveUp = await steps.order.take(rows.map(({ key }) => rowName(entity, key)))
  return committed(run, giveUp, async (changes) => {
    await steps.order.createsBefore(entity.tableName)
    steps.source.committed(changes)
    giveUp()
  })
}

async function committed(
  run: () => Promise<Written>,
  giveUp: () => void,
  handOn: (changes: readonly Change[]) => void,
): Promise<CommittedWrite> {
  try {
    const { data, changes } = await run()
    return { data, handOn: () => handOn(changes) }
  } catch (error) {
    giveUp()
    throw error
  }
}

const rowName = (entity: Entity, key: readonly (string | undefined)[]): string =>
  JSON.stringify([entity.tableName, ...key])
