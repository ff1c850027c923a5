import { SpecError } from '@mqttspec/protocol'
import { both } from '../access/access.ts'
import type { Column, Entity, Relation } from '../entity/entity.ts'
import { EVERY_ROW, type Literal, type Path } from '../query/condition.ts'
import type { ChildWrite, ChildWrites, RowWrite } from '../query/write.ts'
import type { RequestRules } from './request-rules.ts'
import { resolveKey } from './resolve-key.ts'
import { rowCheck } from './row-check.ts'

/** A new row with what the server sets in it. */
export function stamped(entity: Entity, row: RowWrite, { access }: RequestRules): RowWrite {
  const stamps = access.stamps(entity)
  return stamps.size > 0 ? { ...row, values: new Map([...row.values, ...stamps]) } : row
}

/** A row as a client sends it. */
export type Row = Readonly<Record<string, unknown>>

interface Issue {
  readonly path: (string | number)[]
  readonly message: string
}

/** Checks one row and the related rows in it. All that is wrong with its columns is told at once: `invalid_data`. */
export function resolveRow(entity: Entity, row: Row, path: Path, rules: RequestRules, depth = 0): RowWrite {
  const values = new Map<Column, Literal | null>()
  const children: ChildWrites[] = []
  const issues: Issue[] = []
  for (const [name, value] of Object.entries(row)) {
    const at = [...path, name]
    const column = (rules.trusted ? entity.everyColumn : entity.columns).get(name)
    const relation = column ? undefined : entity.relations.get(name)
    if (relation) children.push(resolveChildren(relation, value, at, rules, depth + 1))
    else {
      const trouble = column ? troubleWith(column, value, rules.trusted) : `${entity.name} has no column of this name`
      if (!column || trouble) issues.push({ path: at, message: trouble ?? '' })
      else values.set(column, encode(column, value))
    }
  }
  issues.push(...setTwice(values, children, path))
  if (issues.length > 0) throw refuse(issues)
  return { values, children, check: rowCheck(entity, values, rules) }
}

/** The columns that were sent beside a new row that they are to refer to. */
function setTwice(values: ReadonlyMap<Column, unknown>, children: readonly ChildWrites[], path: Path): Issue[] {
  const set = children.flatMap(({ relation, rows }) =>
    relation.refers === 'local' && rows.some(({ request }) => request === 'insert') ? relation.local : [],
  )
  return [...values.keys()]
    .filter(({ sqlName }) => set.includes(sqlName))
    .map(({ name }) => ({ path: [...path, name], message: 'the relation sets this column' }))
}

function refuse(issues: readonly Issue[]): SpecError {
  const [first] = issues
  const where = String(first?.path.at(-1)).slice(0, 100)
  return new SpecError('invalid_data', `${where}: ${first?.message}.`, {
    path: first?.path ?? [],
    issues: issues.slice(0, 20),
  })
}

function troubleWith(column: Column, value: unknown, trusted = false): string | undefined {
  if (column.generated) return 'the database sets this column'
  if (column.stamped && !trusted) return 'the server sets this column'
  if (value === null) return column.nullable ? undefined : 'this column cannot be null'
  return column.kind.encode(value) === undefined ? `expected ${column.kind.expects}` : undefined
}

function encode(column: Column, value: unknown): Literal | null {
  const text = value === null ? undefined : column.kind.encode(value)
  return text === undefined ? null : { text, cast: column.kind.cast }
}

function resolveChildren(
  relation: Relation,
  value: unknown,
  path: Path,
  rules: RequestRules,
  depth: number,
): ChildWrites {
  if (depth > rules.limits.maxPreloadDepth) {
    throw wrong(`related rows nest at most ${rules.limits.maxPreloadDepth} deep`, path)
  }
  const rows = relation.many ? value : [value]
  if (!Array.isArray(rows)) throw wrong(`${relation.name} is a list of rows`, path)
  if (rows.length > rules.limits.maxWriteRows) throw wrong(`at most ${rules.limits.maxWriteRows} rows at once`, path)
  const entity = rules.registry.related(relation)
  return {
    relation,
    entity,
    rows: rows.map((row, index) => {
      const at = relation.many ? [...path, index] : path
      if (!isRow(row)) throw wrong('a related row is an object', at)
      return resolveChild(relation, entity, row, at, rules, depth)
    }),
  }
}

function resolveChild(
  relation: Relation,
  entity: Entity,
  row: Row,
  path: Path,
  rules: RequestRules,
  depth: number,
): ChildWrite {
  const { _request: request = 'insert', ...rest } = row
  const taken =
    relation.refers === 'foreign' &&
    entity.allColumns.find(({ sqlName, name }) => relation.foreign.includes(sqlName) && name in rest)
  if (taken) throw wrong('the relation sets this column', [...path, taken.name])
  if (request === 'insert') {
    rules.access.check(entity, 'create')
    return { request, row: stamped(entity, resolveRow(entity, rest, path, rules, depth), rules), path }
  }
  if (request !== 'update' && request !== 'delete') {
    throw wrong('_request is "insert", "update" or "delete"', [...path, '_request'])
  }
  const key = resolveKey(entity, undefined, rest, path)
  // The row that a parent refers to is known by the reference.
  if (!key && relation.refers === 'foreign') {
    throw new SpecError('missing_id', `Which row of ${relation.name}? Send its key.`, { path: [...path] })
  }
  rules.access.check(entity, request)
  const where = both(rules.access.visible(entity), key?.condition ?? EVERY_ROW)
  const values = Object.fromEntries(Object.entries(rest).filter(([name]) => !entity.columns.get(name)?.isKey))
  if (request === 'update') return { request, where, row: resolveRow(entity, values, path, rules, depth), path }
  const extra = Object.keys(values)[0]
  if (extra !== undefined) throw wrong('a row to delete is named by its key, and nothing else', [...path, extra])
  if (relation.refers === 'local') throw wrong('a row that this one belongs to cannot be deleted from here', path)
  return { request, where, path }
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

const wrong = (message: string, path: Path) =>
  new SpecError('invalid_data', `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, { path: [...path] })
