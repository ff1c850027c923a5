import { SpecError } from '@mqttspec/protocol'
import type { CallOptions } from '../options/call-options.ts'
import type { Ask } from '../request/ask.ts'

/** A column as the server tells of it. */
export interface ColumnMeta {
  readonly name: string
  readonly type: string
  readonly is_nullable: boolean
  readonly is_primary: boolean
  readonly is_unique: boolean
  readonly has_index: boolean
}

/** Where a relation leads, and which columns, here and there, are equal; none where one of them is hidden. */
export interface RelationMeta {
  readonly entity: string
  readonly many: boolean
  readonly on: readonly (readonly [here: string, there: string])[]
}

/** What an entity is made of, hidden columns left out. */
export interface Meta {
  readonly schema: string
  readonly entity: string
  readonly table_name: string
  readonly primary_key: string | readonly string[]
  readonly columns: readonly ColumnMeta[]
  readonly relations: readonly string[]
  readonly related: Readonly<Record<string, RelationMeta>>
}

/** Asks what an entity is made of. */
export async function meta(ask: Ask, entity: string, call: CallOptions = {}): Promise<Meta> {
  const reply = await ask({ type: 'request', operation: 'meta', entity }, call)
  return reply.data as Meta
}

/** The key column of an entity, from its meta. Throws `invalid_data` when the key has several columns. */
export function keyColumnOf({ entity, columns }: Meta): string {
  const [only, second] = columns.filter((column) => column.is_primary)
  if (only && !second) return only.name
  throw new SpecError('invalid_data', `A key of ${entity} is an object of its columns.`)
}
