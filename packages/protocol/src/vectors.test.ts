import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type * as z from 'zod/mini'
import { down } from './messages/down.ts'
import { up } from './messages/up.ts'
import { CLIENT_ID, parseTopic } from './topics.ts'

interface Vectors {
  readonly kind: string
  readonly direction: 'up' | 'down'
  readonly valid: readonly { readonly title: string; readonly message: unknown }[]
  readonly invalid: readonly {
    readonly title: string
    readonly message: unknown
    readonly path: readonly (string | number)[]
  }[]
}

const folder = new URL('../vectors/', import.meta.url)
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'topics.json')
const messages = files.map((file) => read(file) as Vectors)

/** Every path that an issue speaks of, those of each form of a union too. */
function pathsOf(issue: z.core.$ZodIssue, base: readonly unknown[] = []): unknown[][] {
  const path = [...base, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key])
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [path]
  return issue.errors.flatMap((errors) => errors.flatMap((error) => pathsOf(error, path)))
}

/** What the schema does not ask for by itself: the server looks at it when the message has the right form. */
const LATER = new Set(['unsubscribe: none'])

describe.each(messages)('vectors of $kind', ({ kind, direction, valid, invalid }) => {
  const schema = direction === 'up' ? up : down

  test.each(valid)('is taken: $title', ({ message }) => {
    const parsed = schema.safeParse(message)
    expect(parsed.error?.issues).toBeUndefined()
    expect(message).toMatchObject(
      direction === 'down' || kind === 'connect' || kind === 'ping' ? { type: kind } : { operation: kind },
    )
  })

  test.each(invalid.filter(({ title }) => !LATER.has(`${kind}: ${title}`)))(
    'is refused: $title',
    ({ message, path }) => {
      const parsed = schema.safeParse(message)
      expect(parsed.success).toBe(false)
      expect((parsed.error?.issues ?? []).flatMap((issue) => pathsOf(issue))).toContainEqual(path)
    },
  )
})

test('there are vectors for every message that a client or a server may send', () => {
  const kinds = messages.map(({ kind }) => kind).sort()
  expect(kinds).toEqual([
    'batch',
    'connect',
    'create',
    'delete',
    'envelope',
    'meta',
    'notification',
    'ping',
    'pong',
    'read',
    'response',
    'subscribe',
    'unsubscribe',
    'update',
  ])
  for (const { kind, valid, invalid } of messages) {
    expect(invalid.length, kind).toBeGreaterThan(0)
    expect(kind === 'envelope' || valid.length > 0, kind).toBe(true)
  }
})

describe('vectors of topics', () => {
  const topics = read('topics.json')

  test.each(
    topics.valid as { prefix: string; topic: string; client_id: string; is: string; subscription_id?: string }[],
  )('$topic is the $is topic of $client_id', ({ prefix, topic, client_id, is, subscription_id }) => {
    const expected = { clientId: client_id, kind: is, ...(subscription_id && { subscriptionId: subscription_id }) }
    expect(parseTopic(prefix, topic)).toEqual(expected)
  })

  test.each(topics.invalid as { prefix: string; topic: string }[])('$topic is no topic of a client', (one) => {
    expect(parseTopic(one.prefix, one.topic)).toBeUndefined()
  })

  test('client ids are told from what is none', () => {
    expect((topics.client_ids as string[]).filter((id) => !CLIENT_ID.test(id))).toEqual([])
    expect((topics.no_client_ids as string[]).filter((id) => CLIENT_ID.test(id))).toEqual([])
  })
})
