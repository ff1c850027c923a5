import { decodeJson, SpecError } from '@mqttspec/protocol'
import { type Change, changeOf, type Row } from '../change/change.ts'
import type { ReplyOf } from '../query/request-log.ts'
import type { Create, RowCheck, RowWrite, Write } from '../query/write.ts'
import { createStatement } from '../query/write-statement.ts'
import type { Runner } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { deleteRow, insertRow, updateRow, type WrittenRow } from './write-row.ts'

/** What a write came to: its `data` as JSON text, and what it changed. */
export interface Written {
  readonly data: string
  readonly changes: readonly Change[]
}

/** Can the write run as one statement? If not, it wants a transaction. */
export function isOneStatement(write: Write): boolean {
  switch (write.is) {
    case 'create':
      return write.create.rows.length <= 1 || isPlain(write.create) ? write.create.rows.every(hasNoChildren) : false
    case 'update':
      return write.updates.length <= 1 && write.updates.every(({ row }) => hasNoChildren(row))
    case 'delete':
      return write.deletes.length <= 1
  }
}

const hasNoChildren = (row: RowWrite): boolean => row.children.length === 0
const isPlain = ({ rows, onConflict }: Create): boolean => !onConflict && rows.every(hasNoChildren)

/** How a write runs. */
export interface RunOptions {
  /** Also rows that could be stored at once: then it is known which of them is wrong. */
  readonly oneByOne?: boolean
  /** What becomes of its reply, where the write is one statement. */
  readonly reply?: Omit<ReplyOf, 'list'> | undefined
}

/** Runs a write on a transaction, or on the database where one statement is enough. Rejects with the cause. */
export async function runWrite(
  runner: Runner,
  write: Write,
  { oneByOne = false, reply: answered }: RunOptions = {},
): Promise<Written> {
  const reply = answered && { ...answered, list: write.list }
  switch (write.is) {
    case 'create': {
      const { create, list } = write
      if (create.rows.length > 1 && isPlain(create) && !oneByOne) return storeAtOnce(runner, create, reply)
      return collect(await inOrder(create.rows, list, (row) => insertRow(runner, create, row, undefined, reply)), list)
    }
    case 'update':
      return collect(await inOrder(write.updates, write.list, (update) => updateRow(runner, update, reply)), write.list)
    case 'delete': {
      const done = await inOrder(write.deletes, write.list, (target) => deleteRow(runner, target, reply))
      return { data: `{"deleted":${write.list ? done.length : true}}`, changes: done }
    }
  }
}

async function storeAtOnce(runner: Runner, create: Create, reply: ReplyOf | undefined): Promise<Written> {
  const { entity, rows } = create
  const statement = createStatement(
    create,
    rows.map(({ values }) => values),
    checkOfAll(rows),
    reply,
  )
  const [cells] = await runner.run(statement)
  const data = cells?.[0] ?? '[]'
  const stored = decodeJson(cells?.[1] ?? data) as readonly Row[]
  return { data, changes: stored.map((row) => changeOf(entity, undefined, row)) }
}

/** The check of rows that are stored at once: the scope is the same, and a reference that one makes all may make. */
function checkOfAll(rows: readonly RowWrite[]): RowCheck | undefined {
  const checks = rows.flatMap(({ check }) => check ?? [])
  const [first] = checks
  if (!first) return undefined
  const references = new Map(checks.flatMap((check) => check.references.map((key) => [key.constraint, key] as const)))
  return { scope: first.scope, references: [...references.values()] }
}

async function inOrder<Item, Value>(
  items: readonly Item[],
  list: boolean,
  run: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = []
  for (const [index, item] of items.entries()) {
    values.push(await run(item).catch((error: unknown) => Promise.reject(list ? withIndex(error, index) : error)))
  }
  return values
}

/** The error, which says from now on which row of many it is about. */
export function withIndex(error: unknown, index: number): unknown {
  if (error instanceof DatabaseError) return new DatabaseError(error.message, { ...error, index }, error.cause)
  if (!(error instanceof SpecError)) return error
  return new SpecError(error.code, error.message, { ...error.details, index }, error.cause)
}

function collect(done: readonly WrittenRow[], list: boolean): Written {
  const data = done.map(({ reply }) => reply).join(',')
  return { data: list ? `[${data}]` : data, changes: done.flatMap(({ changes }) => changes) }
}
