import { readdirSync, readFileSync } from 'node:fs'
import { defineSpec } from '@mqttspec/server'
import { pgTable, serial } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WireClient } from './wire-client.ts'

const folder = new URL('../packages/protocol/vectors/', import.meta.url)

interface Vectors {
  readonly kind: string
  readonly direction: string
  readonly invalid: readonly {
    readonly title: string
    readonly message: { readonly id?: unknown }
    readonly code: string
    readonly path: readonly (string | number)[]
  }[]
}

const invalid = readdirSync(folder)
  .map((file): Vectors => JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  .filter(({ direction }) => direction === 'up')
  .flatMap((vectors) => vectors.invalid.map((one) => ({ ...one, name: `${vectors.kind}: ${one.title}` })))

// What has the wrong form is refused before anybody asks which entities there are: this one is in no vector.
const things = pgTable('things', { id: serial().primaryKey() })
const api = defineSpec({ schema: { things } }).entity('things')

let server: Awaited<ReturnType<typeof api.listen>>
let client: WireClient

beforeAll(async () => {
  server = await api.listen({ broker: { port: 0, webSocket: false } })
  client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'vectors')
})
afterAll(async () => {
  await client?.[Symbol.asyncDispose]()
  await server?.close()
})

test.each(invalid)('the server refuses $name', async ({ message, code, path }) => {
  const reply = await client.ask(message)
  expect(reply).toMatchObject({ type: 'response', success: false, error: { code, details: { path } } })
  const isReadable = typeof message.id === 'string' && message.id.length <= 128
  expect(reply.id).toBe(isReadable ? message.id : '')
})
