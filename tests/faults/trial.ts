import { defineSpec, type ListenOptions, type Server } from '@mqttspec/server'
import { relations } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  doublePrecision,
  integer,
  jsonb,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { IClientOptions } from 'mqtt'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import * as z from 'zod'
import { WireClient } from '../wire-client.ts'
import { timed, within } from './within.ts'

const owners = pgTable('owners', {
  id: serial().primaryKey(),
  tenant: text().notNull(),
  name: text().notNull(),
  pin: text(),
})
const things = pgTable('things', {
  id: serial().primaryKey(),
  tenant: text().notNull(),
  ownerId: integer('owner_id').references(() => owners.id),
  label: text().notNull(),
  code: text().unique(),
  amount: integer(),
  big: bigint({ mode: 'bigint' }),
  price: numeric(),
  ratio: doublePrecision(),
  at: timestamp({ withTimezone: true }),
  day: date(),
  ok: boolean(),
  facts: jsonb(),
  tags: text().array(),
  secret: text(),
})

/** Two tables that tenants share, with a column of each family of types, and a hidden one. */
export const schema = {
  owners,
  things,
  ownersRelations: relations(owners, ({ many }) => ({ things: many(things) })),
  thingsRelations: relations(things, ({ one }) => ({
    owner: one(owners, { fields: [things.ownerId], references: [owners.id] }),
  })),
}

const auth = z.object({ sub: z.string(), tenant: z.string() })

/** The server under trial: a token is `subject.tenant`, and a tenant sees its own rows only. */
export const api = defineSpec({
  schema,
  auth,
  authenticate: ({ token }) => {
    const [sub, tenant] = token?.split('.') ?? []
    return sub && tenant ? { sub, tenant } : undefined
  },
})
  .entity('owners', {
    omit: ['pin'],
    scope: ({ tenant }) => ({ tenant }),
    stamp: { tenant: ({ tenant }) => tenant },
  })
  .entity('things', {
    omit: ['secret'],
    scope: ({ tenant }) => ({ tenant }),
    stamp: { tenant: ({ tenant }) => tenant },
  })
  .hook('beforeCreate', 'things', (ctx) => {
    ctx.data.secret = `hidden-${ctx.auth.tenant}`
  })

/** A reply as tests look at it. */
export interface Reply {
  readonly id: string
  readonly success: boolean
  readonly data: never
  readonly metadata?: Record<string, unknown>
  readonly error?: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> }
}

/** A text that only rows of this tenant hold: whoever else receives it has been told what is not theirs. */
export const canary = (tenant: string): string => `canary-of-${tenant}`

/** A server that is tried, and what must hold of it whatever it was sent. */
export class Trial implements AsyncDisposable {
  #server: Server | undefined
  readonly #frames = new Map<string, { readonly tenant: string; readonly bytes: Buffer[] }>()
  #clients: WireClient[] = []
  #asked = 0
  #goodLogin = true
  readonly #unhandled: unknown[] = []
  readonly #onUnhandled = (reason: unknown) => void this.#unhandled.push(reason)

  /** Starts it. Where a spec has tokens of its own, `goodLogin` false leaves the other client to the test. */
  async start(
    options: ListenOptions = {},
    spec: { listen(options: ListenOptions): Promise<Server> } = api,
    goodLogin = true,
  ) {
    this.#goodLogin = goodLogin
    process.on('unhandledRejection', this.#onUnhandled)
    this.#server = await spec.listen({ broker: { port: 0, webSocket: false }, logger: SILENT, ...options })
  }

  get server(): Server {
    if (!this.#server) throw new Error('the server has not started')
    return this.#server
  }

  get port(): number {
    return this.server.addresses.mqtt?.port ?? 0
  }

  /** Connects a client of a tenant; every frame that it receives from now on is kept. */
  async connect(clientId: string, tenant: string, options: IClientOptions = {}): Promise<WireClient> {
    const login = { username: 'token', password: `${clientId}.${tenant}` }
    const client = await WireClient.connect(`mqtt://127.0.0.1:${this.port}`, clientId, 'spec', { ...login, ...options })
    const bytes: Buffer[] = []
    this.#frames.set(`${clientId} ${this.#asked++}`, { tenant, bytes })
    client.mqtt.on('packetreceive', (packet) => {
      if (packet.cmd === 'publish') bytes.push(Buffer.from(`${packet.topic} ${packet.payload}`))
    })
    this.#clients.push(client)
    return client
  }

  /** Asks, with an id of its own unless the message has one. */
  async ask(client: WireClient, message: object): Promise<Reply> {
    const id = `${client.clientId}-${++this.#asked}`
    return (await client.ask({ id, type: 'request', ...message })) as unknown as Reply
  }

  /** The code of the reply, `ok` for success. */
  async code(client: WireClient, message: object): Promise<string> {
    const { error } = await this.ask(client, message)
    return error?.code ?? 'ok'
  }

  /** What must hold after whatever was tried: another client is answered, nothing was lost or leaked. */
  async holds(): Promise<void> {
    await this.#answersAnother()
    expect(this.#unhandled).toEqual([])
    for (const { tenant, bytes } of this.#frames.values()) {
      const all = Buffer.concat(bytes).toString()
      for (const [leaked = '', of = ''] of all.matchAll(/(?:canary-of|hidden)-(\w+)/g)) {
        expect(leaked.startsWith('hidden'), `${leaked} reached a client of ${tenant}`).toBe(false)
        expect(of, `${leaked} reached a client of ${tenant}`).toBe(tenant)
      }
    }
    for (const client of this.#clients) await client[Symbol.asyncDispose]()
    this.#clients = []
    this.#frames.clear()
  }

  /** A client that has done nothing wrong is answered within a second. */
  async #answersAnother(): Promise<void> {
    if (!this.#goodLogin) return
    const good = await this.connect(`good-${++this.#asked}`, 'good')
    await within(1_000, () =>
      timed(async () => {
        const { success } = await this.ask(good, { operation: 'read', entity: 'things', options: { limit: 1 } })
        expect(success).toBe(true)
      }),
    )
  }

  /** Looks at what must hold, and stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.holds()
    } finally {
      await this.stop()
    }
  }

  async stop(): Promise<void> {
    process.off('unhandledRejection', this.#onUnhandled)
    await this.#server?.close()
  }
}

const SILENT = { info: () => {}, warn: () => {}, error: () => {} }

/** A trial for the tests of a file: what must hold is looked at after each. */
export function trial(options: ListenOptions = {}): Trial {
  const tried = new Trial()
  beforeAll(() => tried.start(options), 60_000)
  afterEach(() => tried.holds())
  afterAll(() => tried.stop())
  return tried
}

/** Sends bytes as they are and resolves with the code of the one reply. */
export async function codeOf(client: WireClient, payload: Buffer | string): Promise<string> {
  const before = client.responses.length
  const startedAt = performance.now()
  await client.mqtt.publishAsync(`spec/${client.clientId}/request`, payload, { qos: 1 })
  while (client.responses.length === before) {
    if (performance.now() - startedAt > 15_000) throw new Error('no reply')
    await new Promise(setImmediate)
  }
  return (client.responses[before] as { error?: { code: string } }).error?.code ?? 'ok'
}
