import { type Aggregate, type Limits, type ReadOptions, SpecError } from '@mqttspec/protocol'
import type { Column, Entity } from '../entity/entity.ts'
import type { AggregateRead, Figure } from '../query/aggregate.ts'
import type { Condition, Path } from '../query/condition.ts'
import { resolveColumn } from './resolve-columns.ts'
import { resolvePage } from './resolve-page.ts'

const MAX_FIGURES = 30
const MAX_GROUPS = 8
const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'])
// The types that Postgres has min() and max() for in every version.
const ORDERED = new Set([...NUMBERS, 'text', 'varchar', 'bpchar', 'citext', 'date', 'time', 'timestamp', 'timestamptz'])
const EXCLUDED = [
  'columns',
  'omit_columns',
  'preload',
  'cursor_forward',
  'cursor_backward',
  'fetch_row_number',
  'computedColumns',
  'total',
] as const

/** Checks figures over groups of rows. Throws `invalid_options`. */
export function resolveAggregate(
  entity: Entity,
  aggregate: Aggregate,
  options: ReadOptions,
  where: Condition,
  limits: Limits,
): AggregateRead {
  const path = ['options', 'aggregate']
  const other = EXCLUDED.find((name) => options[name] !== undefined)
  if (other) throw wrong(`${other} has no meaning beside aggregate`, ['options', other])
  const groupBy = (aggregate.group_by ?? []).map((name, index) =>
    resolveGroup(entity, name, [...path, 'group_by', index]),
  )
  if (groupBy.length > MAX_GROUPS) throw wrong(`group by at most ${MAX_GROUPS} columns`, [...path, 'group_by'])
  const figures = Object.entries(aggregate.fields).map(([alias, field]) =>
    resolveFigure(entity, alias, field, groupBy, [...path, 'fields', alias]),
  )
  if (figures.length > MAX_FIGURES) throw wrong(`ask for at most ${MAX_FIGURES} figures`, [...path, 'fields'])
  if (figures.length + groupBy.length === 0) throw wrong('ask for at least one figure', [...path, 'fields'])
  return {
    entity,
    where,
    groupBy,
    figures,
    sort: resolveOrder(options.sort, groupBy, figures),
    ...resolvePage(options, limits, ['options']),
  }
}

function resolveGroup(entity: Entity, name: string, path: Path): Column {
  const column = resolveColumn(entity, name, path)
  if (column.kind.sql.equality && column.kind.sql.order) return column
  throw wrong(`${name} is ${column.kind.type}, which cannot be grouped by`, path)
}

function resolveFigure(
  entity: Entity,
  alias: string,
  { fn, column: name }: Aggregate['fields'][string],
  groupBy: readonly Column[],
  path: Path,
): Figure {
  if (alias === '' || alias.length > 64 || groupBy.some((column) => column.name === alias)) {
    throw wrong('a figure needs a name of its own, of at most 64 characters', path)
  }
  if (name === undefined) {
    if (fn === 'count') return { alias, fn, column: undefined }
    throw wrong(`${fn} of what? Name a column`, [...path, 'column'])
  }
  const column = resolveColumn(entity, name, [...path, 'column'])
  const able =
    fn === 'count' ||
    (fn === 'sum' || fn === 'avg' ? NUMBERS : ORDERED).has(column.kind.cast) ||
    isOrderedEnum(fn, column)
  if (!able) throw wrong(`${name} is ${column.kind.type}, which has no ${fn}`, [...path, 'column'])
  return { alias, fn, column }
}

const isOrderedEnum = (fn: string, { kind }: Column): boolean =>
  (fn === 'min' || fn === 'max') && kind.cast.endsWith('"')

function resolveOrder(
  sort: ReadOptions['sort'],
  groupBy: readonly Column[],
  figures: readonly Figure[],
): AggregateRead['sort'] {
  const asked = (sort ?? []).map(({ column: name, direction, nulls }, index) => {
    const by = figures.find(({ alias }) => alias === name) ?? groupBy.find((column) => column.name === name)
    if (!by) throw wrong('groups are sorted by their own columns and figures', ['options', 'sort', index, 'column'])
    const place = nulls?.toLowerCase()
    return {
      by,
      descending: direction?.toLowerCase() === 'desc',
      nulls: place === 'first' || place === 'last' ? place : undefined,
    } as const
  })
  const rest = groupBy.filter((column) => !asked.some(({ by }) => by === column))
  return [...asked, ...rest.map((by) => ({ by, descending: false, nulls: undefined }))]
}

const wrong = (message: string, path: Path) =>
  new SpecError('invalid_options', `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, { path: [...path] })
