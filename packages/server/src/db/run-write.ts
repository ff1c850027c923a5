import { decodeJson, SpecError } from '@mqttspec/protocol'
import type { Change, Row } from '../change/change.ts'
import type { Entity } from '../entity/entity.ts'
import type { Create, Delete, Update } from '../query/write.ts'
import { createStatement, deleteStatement, updateStatement } from '../query/write-statement.ts'
import type { Database, Runner } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { notFound } from './run-read.ts'

/** What a committed write came to: its `data` as JSON text, and what it changed. */
export interface Written {
  readonly data: string
  readonly changes: readonly Change[]
}

/** Stores rows, all or none. */
export async function runCreate(database: Database, create: Create, list: boolean): Promise<Written> {
  const { entity, rows } = create
  if (rows.length === 0) return { data: '[]', changes: [] }
  const stored = await storeRows(database, create)
  const changes = stored.flatMap(({ full }) => rowsOf(full)).map((row) => changeOf(entity, 'create', undefined, row))
  const array = `[${stored.map(({ reply }) => reply.slice(1, -1)).join(',')}]`
  return { data: list ? array : array.slice(1, -1), changes }
}

interface Stored {
  readonly reply: string
  readonly full: string
}

/** All rows in one statement; if that fails, one by one in one transaction, which tells the row that is wrong. */
async function storeRows(database: Database, create: Create): Promise<readonly Stored[]> {
  try {
    return [await store(database, create)]
  } catch (error) {
    const isOneRow = create.rows.length === 1
    if (isOneRow || !(error instanceof DatabaseError) || error.connectionLost) throw error
    return database.transaction((transaction) =>
      inOrder(create.rows, (row) => store(transaction, { entity: create.entity, rows: [row] })),
    )
  }
}

async function store(runner: Runner, create: Create): Promise<Stored> {
  const [row] = await runner.run(createStatement(create))
  const reply = row?.[0] ?? '[]'
  return { reply, full: row?.[1] ?? reply }
}

/** Changes rows, all or none. Rejects with `not_found`. */
export async function runUpdates(database: Database, updates: readonly Update[], list: boolean): Promise<Written> {
  const done = await runEach(database, updates, list, updateOne)
  return collect(done, list)
}

async function updateOne(runner: Runner, update: Update): Promise<Done> {
  const [row] = await runner.run(updateStatement(update))
  const [, reply, old, full] = row ?? []
  if (!reply || !old) throw notFound(update.entity.name)
  const change = changeOf(update.entity, 'update', rowOf(old), rowOf(full ?? reply))
  return { reply, change }
}

/** Deletes rows, all or none. Rejects with `not_found`. */
export async function runDeletes(database: Database, deletes: readonly Delete[], list: boolean): Promise<Written> {
  const done = await runEach(database, deletes, list, deleteOne)
  return { ...collect(done, list), data: `{"deleted":${list ? done.length : true}}` }
}

async function deleteOne(runner: Runner, remove: Delete): Promise<Done> {
  const [row] = await runner.run(deleteStatement(remove))
  if (!row?.[0]) throw notFound(remove.entity.name)
  return { reply: '', change: changeOf(remove.entity, 'delete', rowOf(row[0]), undefined) }
}

interface Done {
  readonly reply: string
  readonly change: Change
}

/** One write is one statement; several are one transaction. */
async function runEach<Write>(
  database: Database,
  writes: readonly Write[],
  list: boolean,
  run: (runner: Runner, write: Write) => Promise<Done>,
): Promise<readonly Done[]> {
  const [only] = writes
  if (only !== undefined && !list) return [await run(database, only)]
  if (writes.length === 0) return []
  return database.transaction((transaction) => inOrder(writes, (write) => run(transaction, write)))
}

async function inOrder<Item, Value>(items: readonly Item[], run: (item: Item) => Promise<Value>): Promise<Value[]> {
  const values: Value[] = []
  for (const [index, item] of items.entries()) {
    values.push(await run(item).catch((error: unknown) => Promise.reject(withIndex(error, index))))
  }
  return values
}

/** The error, which says from now on which row of many it is about. */
function withIndex(error: unknown, index: number): unknown {
  if (error instanceof DatabaseError) return new DatabaseError(error.message, { ...error, index }, error.cause)
  if (!(error instanceof SpecError)) return error
  return new SpecError(error.code, error.message, { ...error.details, index }, error.cause)
}

function collect(done: readonly Done[], list: boolean): Written {
  const data = done.map(({ reply }) => reply).join(',')
  return { data: list ? `[${data}]` : data, changes: done.map(({ change }) => change) }
}

function changeOf(entity: Entity, operation: Change['operation'], old: Row | undefined, row: Row | undefined): Change {
  return { entity, operation, old, new: row, timestamp: new Date().toISOString() }
}

const rowOf = (json: string): Row => decodeJson(json) as Row
const rowsOf = (json: string): readonly Row[] => decodeJson(json) as readonly Row[]
