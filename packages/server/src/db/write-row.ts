import { decodeJson, SpecError } from '@mqttspec/protocol'
import { type Change, changeOf, type Row } from '../change/change.ts'
import type { Column, Entity } from '../entity/entity.ts'
import { type Condition, EVERY_ROW, type Literal } from '../query/condition.ts'
import type { ReplyOf } from '../query/request-log.ts'
import type { ChildWrite, ChildWrites, Create, RowCheck, RowValues, RowWrite, Target, Update } from '../query/write.ts'
import { createStatement, deleteStatement, lockStatement, updateStatement } from '../query/write-statement.ts'
import type { Cells, Runner } from './database.ts'
import { at, columnsOf, linked, literalOf } from './related-rows.ts'
import { notFound } from './run-read.ts'

/** What one written row came to: its JSON for the reply, the whole row as it is now, and what was changed. */
export interface WrittenRow {
  readonly reply: string
  readonly row: Row
  readonly changes: readonly Change[]
}

/** Stores one row and its related rows: those that it belongs to first, those that belong to it after it. */
export async function insertRow(
  runner: Runner,
  create: Omit<Create, 'rows'>,
  row: RowWrite,
  references: RowValues = new Map(),
  answer?: ReplyOf,
): Promise<WrittenRow> {
  const { entity, onConflict } = create
  const parents = await runParentsBefore(runner, entity, row, undefined)
  const values = new Map([...row.values, ...references, ...parents.values])
  const [cells] = await runner.run(createStatement(create, [values], row.check, answer))
  const reply = firstOf(cells?.[0])
  // Nothing comes back of a row that was in the way and that the writer may not see.
  if (reply === '') throw new SpecError('conflict', 'A row with the same unique value exists.')
  const full = rowOf(firstOf(cells?.[1] ?? cells?.[0]))
  const old = (decodeJson(cells?.[2] ?? '[]') as readonly (Row | null)[])[0] ?? undefined
  const unchanged = old && onConflict?.do === 'nothing'
  const own = unchanged ? [] : [changeOf(entity, old, full)]
  const children = await runChildrenAfter(runner, entity, row, full)
  return {
    reply: withRelated(reply, [...parents.replies, ...children.replies]),
    row: full,
    changes: [...parents.changes, ...own, ...children.changes],
  }
}

/** Changes one row and its related rows. Rejects with `not_found`, `precondition_failed`. */
export async function updateRow(runner: Runner, update: Omit<Update, 'key'>, answer?: ReplyOf): Promise<WrittenRow> {
  const { entity, row } = update
  const before = row.children.length > 0 ? await oneOf(runner, update, undefined, undefined) : undefined
  const parents = await runParentsBefore(runner, entity, row, before?.row)
  const values = new Map([...row.values, ...parents.values])
  const {
    reply,
    row: full,
    changes,
  } = values.size > 0 || !before ? await oneOf(runner, update, values, row.check, answer) : before
  const children = await runChildrenAfter(runner, entity, row, full)
  return {
    reply: withRelated(reply, [...parents.replies, ...children.replies]),
    row: full,
    changes: [...parents.changes, ...changes, ...children.changes],
  }
}

/** Changes one row, or, without values, locks it as it is. */
async function oneOf(
  runner: Runner,
  target: Omit<Target, 'key'>,
  values: RowValues | undefined,
  check: RowCheck | undefined,
  answer?: ReplyOf,
): Promise<WrittenRow> {
  const [cells] = await runner.run(values ? updateStatement(target, values, check, answer) : lockStatement(target))
  const [found, reply, old, full] = cells ?? []
  if (!reply || !old) throw notWritten(target.entity, found)
  const row = rowOf(full ?? reply)
  return { reply, row, changes: values ? [changeOf(target.entity, rowOf(old), row)] : [] }
}

/** Deletes one row. Rejects with `not_found`, `precondition_failed`. */
export async function deleteRow(runner: Runner, target: Omit<Target, 'key'>, answer?: ReplyOf): Promise<Change> {
  const [cells] = await runner.run(deleteStatement(target, answer))
  const [found, old] = cells ?? []
  if (!old) throw notWritten(target.entity, found)
  return changeOf(target.entity, rowOf(old), undefined)
}

const notWritten = (entity: Entity, found: Cells[number] | undefined): SpecError =>
  found === '1'
    ? new SpecError('precondition_failed', 'The row is not as options.if says; read it and decide anew.')
    : notFound(entity.name)

/** What was written to the related rows of one row: `"name":[…]` of each relation for the reply, and the changes. */
interface WrittenChildren {
  readonly replies: readonly string[]
  readonly changes: readonly Change[]
  /** The columns of the row itself that refer to what was written. */
  readonly values: RowValues
}

/** Writes the rows that this one belongs to; it refers to them, so they come before it. `row` is what it is now. */
async function runParentsBefore(
  runner: Runner,
  entity: Entity,
  { children }: RowWrite,
  row: Row | undefined,
): Promise<WrittenChildren> {
  const values = new Map<Column, Literal | null>()
  const replies: string[] = []
  const changes: Change[] = []
  for (const child of children.filter(({ relation }) => relation.refers === 'local')) {
    const [request] = child.rows
    if (!request) continue
    const local = columnsOf(entity, child.relation.local)
    const foreign = columnsOf(child.entity, child.relation.foreign)
    const written = await at(request, () => writeChild(runner, child, request, new Map(), linked(foreign, local, row)))
    if (!written) continue
    replies.push(`${JSON.stringify(child.relation.name)}:${written.reply}`)
    changes.push(...written.changes)
    if (request.request !== 'insert') continue
    for (const [index, column] of local.entries()) {
      values.set(column, literalOf(column, written.row[foreign[index]?.name ?? '']))
    }
  }
  return { replies, changes, values }
}

/** Writes the rows that belong to this one; they refer to it, so they come after it. */
async function runChildrenAfter(
  runner: Runner,
  entity: Entity,
  { children }: RowWrite,
  row: Row,
): Promise<WrittenChildren> {
  const replies: string[] = []
  const changes: Change[] = []
  for (const child of children.filter(({ relation }) => relation.refers === 'foreign')) {
    const local = columnsOf(entity, child.relation.local)
    const foreign = columnsOf(child.entity, child.relation.foreign)
    const references = new Map(
      foreign.map((column, index) => [column, literalOf(column, row[local[index]?.name ?? ''])]),
    )
    const rows: string[] = []
    for (const request of child.rows) {
      const written = await at(request, () =>
        writeChild(runner, child, request, references, linked(foreign, local, row)),
      )
      changes.push(...written.changes)
      if (written.reply !== '') rows.push(written.reply)
    }
    const related = child.relation.many ? `[${rows.join(',')}]` : (rows[0] ?? 'null')
    replies.push(`${JSON.stringify(child.relation.name)}:${related}`)
  }
  return { replies, changes, values: new Map() }
}

async function writeChild(
  runner: Runner,
  { entity }: ChildWrites,
  child: ChildWrite,
  references: RowValues,
  isRelated: Condition,
): Promise<WrittenRow> {
  if (child.request === 'insert') {
    return insertRow(runner, { entity, onConflict: undefined, visible: EVERY_ROW }, child.row, references)
  }
  // Whatever key a client sends, only a row that is related is reached.
  const where: Condition = { is: 'all', of: [child.where, isRelated] }
  const target = { entity, where, holds: undefined }
  if (child.request === 'update') return updateRow(runner, { ...target, row: child.row })
  const change = await deleteRow(runner, target)
  return { reply: '', row: {}, changes: [change] }
}

/** A row's JSON with related rows in it, which are JSON text too. */
function withRelated(reply: string, related: readonly string[]): string {
  return related.length > 0 ? `${reply.slice(0, -1)}${reply === '{}' ? '' : ','}${related.join(',')}}` : reply
}

/** The one object of a JSON array, as text. */
const firstOf = (array: string | null | undefined): string => (array ?? '[]').slice(1, -1)
const rowOf = (json: string): Row => decodeJson(json) as Row
