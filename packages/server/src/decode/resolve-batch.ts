import { type BatchRequest, changeOptions, createOptions, type Limits, SpecError } from '@mqttspec/protocol'
import * as z from 'zod/mini'
import type { Entity } from '../entity/entity.ts'
import type { Registry } from '../entity/registry.ts'
import type { Path } from '../query/condition.ts'
import { explainIssues } from './explain-issues.ts'
import type { WriteRequest } from './resolve-write.ts'

type Operation = BatchRequest['data']['operations'][number]

/** One operation of a batch, whose values may still refer to what the ones before it will come to. */
export interface BatchStep {
  readonly entity: Entity
  readonly path: Path
  /** The operation as a write, with each reference replaced by its value. `results` are the rows so far. */
  request(results: readonly unknown[]): WriteRequest
  /** Does anything in it wait for an earlier result? */
  readonly refers: boolean
}

/** Checks the operations of a batch and where its references lead. Throws with the operation's path. */
export function resolveBatch({ data }: BatchRequest, registry: Registry, limits: Limits): readonly BatchStep[] {
  const { operations } = data
  if (operations.length > limits.maxWriteRows) {
    throw new SpecError('invalid_data', `A batch has at most ${limits.maxWriteRows} operations.`, {
      path: ['data', 'operations'],
    })
  }
  const steps: BatchStep[] = []
  for (const [index, operation] of operations.entries()) {
    const path = ['data', 'operations', index]
    const entity = registry.find(operation.entity, operation.schema)
    const references = findReferences(operation, path)
    for (const reference of references) checkReference(reference, operations, steps)
    steps.push({
      entity,
      path,
      refers: references.length > 0,
      request: (results) => asWrite(substitute(operation, results) as Operation, path),
    })
  }
  return steps
}

interface Reference {
  readonly of: unknown
  readonly path: Path
}

const isReference = (value: unknown): value is { $ref: unknown } =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, '$ref') && Object.keys(value).length === 1

function findReferences(value: unknown, path: Path): readonly Reference[] {
  if (isReference(value)) return [{ of: value.$ref, path }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) =>
    findReferences(child, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

function checkReference({ of, path }: Reference, operations: readonly Operation[], before: readonly BatchStep[]): void {
  const [index, column] = Array.isArray(of) && of.length === 2 ? of : []
  const step = typeof index === 'number' ? before[index] : undefined
  if (!step || typeof column !== 'string') {
    throw wrong('$ref is [index, "column"] of an operation before this one', path)
  }
  const operation = operations[index]
  if (operation?.operation === 'delete' || Array.isArray(operation?.data)) {
    throw wrong('$ref leads to a create or an update of one row', path)
  }
  if (!step.entity.columns.has(column)) throw wrong(`${step.entity.name} has no column ${column.slice(0, 100)}`, path)
}

function substitute(value: unknown, results: readonly unknown[]): unknown {
  if (isReference(value)) {
    const [index, column] = value.$ref as [number, string]
    return (results[index] as Record<string, unknown> | undefined)?.[column] ?? null
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, results))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, substitute(child, results)]))
}

function asWrite(operation: Operation, path: Path): WriteRequest {
  const { record_id, data } = operation
  if (operation.operation === 'create') {
    if (data === undefined) throw wrong('a create has data', [...path, 'data'])
    return { operation: 'create', data, options: optionsOf(createOptions, operation.options, path) }
  }
  const options = optionsOf(changeOptions, operation.options, path)
  if (operation.operation === 'delete') return { operation: 'delete', record_id, data, options }
  if (data === undefined) throw wrong('an update has data', [...path, 'data'])
  return { operation: 'update', record_id, data, options }
}

function optionsOf<Options>(schema: z.ZodMiniType<Options>, options: unknown, path: Path): Options | undefined {
  if (options === undefined) return undefined
  const parsed = schema.safeParse(options, { error: z.locales.en().localeError })
  if (parsed.success) return parsed.data
  const { message, details } = explainIssues(parsed.error.issues)
  throw new SpecError('invalid_options', message, { path: [...path, 'options', ...(details?.path ?? [])] })
}

const wrong = (message: string, path: Path) =>
  new SpecError('invalid_data', `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, { path: [...path] })
