import { and, asc, desc, eq, gte, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { EmbeddedBroker } from '../../packages/server/src/transport/embedded-broker.ts'
import type { IncomingMessage, TransportReceiver } from '../../packages/server/src/transport/transport.ts'
import * as schema from '../schema.ts'
import { reportServer } from './report.ts'

const [database = ''] = process.argv.slice(2)
const { notes, people } = schema
const db = drizzle(postgres(database, { max: 10, onnotice: () => {} }), { schema })

// A server as one writes it in an afternoon: the same broker, JSON.parse, a Drizzle query built for each request, and
// JSON.stringify. It checks nothing of what it is sent.
const OPERATORS = { eq, gte }

interface Message {
  readonly id: string
  readonly type: string
  readonly operation: string
  readonly record_id?: number
  readonly data?: Record<string, never>
  readonly options?: {
    readonly filters?: readonly { column: keyof typeof people.$inferSelect; operator: 'eq' | 'gte'; value: never }[]
    readonly sort: readonly { column: keyof typeof people.$inferSelect; direction: 'asc' | 'desc' }[]
    readonly limit: number
    readonly preload?: readonly { limit: number }[]
  }
}

async function dataOf({ operation, record_id: key = 0, data = {}, options }: Message): Promise<unknown> {
  if (operation === 'create')
    return (
      await db
        .insert(notes)
        .values(data as never)
        .returning()
    )[0]
  if (operation === 'update') return (await db.update(notes).set(data).where(eq(notes.id, key)).returning())[0]
  if (!options) return (await db.select().from(people).where(eq(people.id, key)).limit(1))[0]
  const { filters = [], sort, limit, preload } = options
  const where: SQL | undefined = and(
    ...filters.map(({ column, operator, value }) => OPERATORS[operator](people[column], value)),
  )
  const order = sort.map(({ column, direction }) => (direction === 'asc' ? asc : desc)(people[column]))
  const [related] = preload ?? []
  if (related) {
    const withPosts = { posts: { orderBy: asc(schema.posts.id), limit: related.limit } }
    return db.query.people.findMany({ where, orderBy: order, limit, with: withPosts })
  }
  return db
    .select()
    .from(people)
    .where(where)
    .orderBy(...order, asc(people.id))
    .limit(limit)
}

async function replyTo({ payload }: IncomingMessage): Promise<string> {
  const message: Message = JSON.parse(Buffer.from(payload).toString())
  const { id } = message
  const timestamp = new Date().toISOString()
  if (message.type === 'ping') return JSON.stringify({ id, type: 'pong', timestamp })
  return JSON.stringify({ id, type: 'response', success: true, data: await dataOf(message), timestamp })
}

const broker = new EmbeddedBroker(
  { port: 0, webSocket: false },
  {
    topicPrefix: 'spec',
    qos: { request: 1, response: 1, notification: 1 },
    maxRequestBytes: 256 * 1024,
    logger: { info() {}, warn: console.warn, error: console.error },
  },
)

const receiver: TransportReceiver = {
  connecting: async () => undefined,
  connected() {},
  disconnected() {},
  refused() {},
  listening() {},
  message: (message) =>
    void replyTo(message).then(
      (reply) => broker.respond(message.clientId, reply),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    ),
}

const { mqtt } = await broker.start(receiver)
reportServer(mqtt?.port)
