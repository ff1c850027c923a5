import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { down } from './messages/down.ts'
import { up } from './messages/up.ts'
import written from './wire-hash.json' with { type: 'json' }

const WHAT_TO_DO = `

The form of the messages has changed. If that was not meant, undo it. If it was:
- a client or server of before still works: add a line to the history in version.ts, below the current version;
- it does not: raise PROTOCOL_VERSION in version.ts, with a line of history, and keep what is older readable.
Then say what is new in SPEC.md, add examples to packages/protocol/vectors, and put the new value in wire-hash.json.
`

/** A digest of the JSON Schema of a message, whatever the order in which its fields are written down. */
function digest(schema: z.ZodMiniType): string {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: 'input' })
  return createHash('sha256')
    .update(JSON.stringify(sorted(described)))
    .digest('hex')
    .slice(0, 32)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]))
}

test('nobody changes what a client may send by accident', () => {
  expect(digest(up), WHAT_TO_DO).toBe(written.up)
})

test('nobody changes what a server may send by accident', () => {
  expect(digest(down), WHAT_TO_DO).toBe(written.down)
})

test('a field more, or one of another type, makes another digest', () => {
  const before = digest(z.object({ a: z.string() }))
  expect(digest(z.object({ a: z.string(), b: z.optional(z.string()) }))).not.toBe(before)
  expect(digest(z.object({ a: z.number() }))).not.toBe(before)
})
