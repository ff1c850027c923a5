import { setTimeout as wait } from 'node:timers/promises'
import postgres from 'postgres'
import { startPostgres } from '../../tests/postgres/start-postgres.ts'
import { startProcess } from '../measure/contender.ts'
import { MqttLoad } from '../measure/mqtt-load.ts'
import { FILL } from '../schema.ts'

/** Changes a second with which a subscriber that was away catches up, from asking until it is told that it has. */
export async function measureCatchUp(database: string, changes: number): Promise<number> {
  await using server = await startServer(database)
  const replies: string[] = []
  let told = 0
  let ready = (): void => {}
  const isReady = new Promise<void>((resolve) => {
    ready = resolve
  })
  const before = await subscriber(server.port, 'before', {}, (reply) => replies.push(reply))
  const at = /"at":"([^"]+)"/.exec(replies.join())?.[1]
  before.close()
  const sql = postgres(database, { max: 1, onnotice: () => {} })
  for (let written = 0; written < changes; written += 1_000) {
    await sql`insert into notes (person_id, body, rank) select 1, 'note', i from generate_series(1, 1000) i`
  }
  // Positions are given before it is measured how fast what has them is read.
  await wait(2_500)
  await sql.end()
  const from = performance.now()
  const client = await subscriber(server.port, 'after', { since: at }, undefined, (payload) => {
    if (payload.includes('"operation":"ready"')) ready()
    else told++
  })
  await isReady
  const seconds = (performance.now() - from) / 1_000
  client.close()
  if (told !== changes) throw new Error(`${told} of ${changes} changes were told`)
  return changes / seconds
}

/** Statements of SQL a second, of a server that has nothing to do: with no subscription, and with so many. */
export async function measureIdle(subscriptions: number, forMs: number): Promise<{ without: number; with: number }> {
  await using cluster = await startPostgres({ log_statement: 'all' })
  if (!cluster) throw new Error('PostgreSQL is not installed')
  const database = await cluster.createDatabase()
  const sql = postgres(database, { max: 1, onnotice: () => {} })
  await sql.unsafe(FILL)
  await sql.end()
  await using server = await startServer(database)
  const perSecond = async () => {
    const count = () => cluster.log().match(/LOG: {2}(?:statement|execute [^:]*): /g)?.length ?? 0
    await wait(2_000)
    const before = count()
    await wait(forMs)
    return ((count() - before) * 1_000) / forMs
  }
  const without = await perSecond()
  const clients: MqttLoad[] = []
  // The server allows a client 50 of them.
  for (let n = 0; n < subscriptions; n += 50)
    clients.push(await subscriber(server.port, `idle${n}`, {}, undefined, () => {}, 50))
  const withThem = await perSecond()
  for (const client of clients) client.close()
  return { without, with: withThem }
}

async function startServer(database: string) {
  const child = await startProcess('mqttspec', [database])
  const { port } = (await child.ask(undefined)) as { port: number }
  return { port, [Symbol.asyncDispose]: () => child.stop() }
}

/** Connects a client that subscribes to notes, once or several times with filters of their own. */
async function subscriber(
  port: number,
  clientId: string,
  options: object,
  answered?: (reply: string) => void,
  notified: (payload: Buffer) => void = () => {},
  times = 1,
): Promise<MqttLoad> {
  const client = await MqttLoad.connect(port, clientId, notified, answered)
  let asked = 0
  await client.run(1, () => {
    if (asked === times) return undefined
    const filters = times > 1 ? { filters: [{ column: 'personId', operator: 'eq', value: asked }] } : {}
    const message = { id: `${clientId}-${asked++}`, type: 'subscription', operation: 'subscribe', entity: 'notes' }
    return JSON.stringify({ ...message, options: { ...options, ...filters } })
  })
  return client
}
