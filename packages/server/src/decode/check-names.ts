import { SpecError } from '@mqttspec/protocol'
import { codeAt } from './explain-issues.ts'

/** What zod leaves out of an object whose names are anybody's, as if it had not been sent. */
const LEFT_OUT = '__proto__'

type Found = readonly (string | number)[] | undefined

/**
 * Refuses the one name that reading would leave out: nothing that was sent is left out in silence. Within a cell it is
 * JSON's, and stays. Throws the code of the place.
 */
export function checkNames({ data, record_id, options }: Readonly<Record<string, unknown>>): void {
  const path =
    inside(options, ['options'], Infinity) ??
    inside(record_id, ['record_id'], 0) ??
    inRows(data, ['data']) ??
    inBatch(data)
  if (path) throw new SpecError(codeAt(path), `Nothing is called ${LEFT_OUT}.`, { path: [...path] })
}

const inRows = (data: unknown, path: readonly (string | number)[]): Found =>
  inside(data, path, Array.isArray(data) ? 1 : 0)

function inBatch(data: unknown): Found {
  if (!isObject(data) || !Array.isArray(data.operations)) return undefined
  for (const [index, operation] of data.operations.entries()) {
    const path = ['data', 'operations', index]
    if (!isObject(operation)) continue
    const found =
      inside(operation.options, [...path, 'options'], Infinity) ??
      inside(operation.record_id, [...path, 'record_id'], 0) ??
      inRows(operation.data, [...path, 'data'])
    if (found) return found
  }
  return undefined
}

/** Where the name is, in an object and so many levels below it. */
function inside(value: unknown, path: readonly (string | number)[], levels: number): Found {
  if (!isObject(value)) return undefined
  if (Object.hasOwn(value, LEFT_OUT)) return [...path, LEFT_OUT]
  if (levels === 0) return undefined
  for (const key in value) {
    const child = value[key]
    if (!isObject(child)) continue
    const found = inside(child, [...path, Array.isArray(value) ? Number(key) : key], levels - 1)
    if (found) return found
  }
  return undefined
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
