import type { Server } from '@mqttspec/server'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { blog } from '../suites/blog.ts'
import { quiet, until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

const AUTHORS = 30

const FILL = `
  insert into authors (name, email, age) select 'Author ' || i, i || '@example.org', i from generate_series(1, ${AUTHORS}) i;
  insert into articles (author_id, title, rank) select a, 'Article ' || n, n
    from generate_series(1, ${AUTHORS}) a, generate_series(1, 4) n;
  insert into tags (label) select 'tag ' || i from generate_series(1, 5) i;
  insert into article_tags (article_id, tag_id) select id, 1 + id % 5 from articles;`

const TREE = [{ relation: 'articles', limit: 3, preload: [{ relation: 'tags', preload: [{ relation: 'tag' }] }] }]

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres | undefined
  let server: Server
  let client: WireClient

  beforeAll(async () => {
    cluster = await startPostgres({ log_statement: 'all' })
    const database = await cluster?.createDatabase()
    server = await blog.listen({
      database,
      createTables: true,
      install: true,
      broker: { port: 0, webSocket: false },
    })
    const sql = postgres(database ?? '', { max: 1, onnotice: () => {} })
    await sql.unsafe(FILL)
    await sql.end()
  }, 60_000)

  afterAll(async () => {
    await server?.close()
    await cluster?.stop()
  })

  beforeEach(async () => {
    client = await WireClient.connect(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, 'counting')
  })
  afterEach(async () => client[Symbol.asyncDispose]())

  /** The statements that the server has been sent so far. */
  const statements = (): readonly string[] =>
    (cluster?.log() ?? '').split(/^(?=\S.*LOG:)/m).filter((entry) => /LOG: {2}(statement|execute [^:]*): /.test(entry))

  const ofTables = (of: readonly string[]): readonly string[] =>
    of.filter((statement) => /"public"\."(authors|articles|tags|article_tags)"/.test(statement))

  /** What is sent to the tables while a message is answered. */
  async function during(message: object): Promise<{ reply: Record<string, unknown>; sent: readonly string[] }> {
    const before = statements().length
    const reply = await client.ask(message)
    expect(reply, JSON.stringify(reply)).toMatchObject({ success: true })
    return { reply, sent: ofTables(statements().slice(before)) }
  }

  const read = (options: object, more: object = {}) => ({
    id: 'r',
    type: 'request',
    operation: 'read',
    entity: 'authors',
    options,
    ...more,
  })

  test.each([
    ['a row by its key', read({}, { record_id: 1 })],
    ['a page, with its total', read({ limit: 5, sort: [{ column: 'age', direction: 'desc' }] })],
    [
      'a page with a filter and no total',
      read({ filters: [{ column: 'age', operator: 'gt', value: 3 }], total: false }),
    ],
    ['rows with related rows, three relations deep', read({ limit: 20, preload: TREE })],
    ['a row with related rows, three relations deep', read({ preload: TREE }, { record_id: 1 })],
    ['a row and its place', read({ fetch_row_number: 7, sort: [{ column: 'name' }] })],
  ])('%s is read with one statement', async (_, message) => {
    const { sent } = await during(message)
    expect(sent).toHaveLength(1)
  })

  test('the page after another one is read with one statement too', async () => {
    const { reply } = await during(read({ limit: 5 }))
    const { next } = reply.metadata as { next: string }
    expect((await during(read({ limit: 5, cursor_forward: next }))).sent).toHaveLength(1)
  })

  test('how many rows and related rows there are changes nothing about that', async () => {
    for (const limit of [1, 10, AUTHORS]) {
      const { reply, sent } = await during(read({ limit, preload: TREE }))
      expect(reply.data).toHaveLength(limit)
      expect(sent).toHaveLength(1)
    }
  })

  test('what does not need the database does not ask it', async () => {
    const before = statements().length
    await client.ask({ id: 'p', type: 'ping' })
    await client.ask(read({ filters: [{ column: 'nothing', operator: 'eq', value: 1 }] }))
    await client.ask({ id: 'm', type: 'request', operation: 'meta', entity: 'authors' })
    expect(ofTables(statements().slice(before))).toEqual([])
  })

  test('idle subscriptions ask the database nothing, however many there are', async () => {
    /** What is asked of the database in a while in which nobody asks the server. */
    const whileIdle = async () => {
      const before = statements().length
      await quiet(2_500)
      return statements().slice(before)
    }
    const withNone = await whileIdle()
    for (let n = 1; n <= 20; n += 1) {
      const filters = [{ column: 'age', operator: 'eq', value: n }]
      const message = {
        id: `s${n}`,
        type: 'subscription',
        operation: 'subscribe',
        entity: 'authors',
        options: { filters },
      }
      expect(await client.ask(message)).toMatchObject({ success: true })
    }
    // What was written before is on its way to them until a change of now has come.
    const told = client.notifications.length
    await client.ask({
      id: 'now',
      type: 'request',
      operation: 'create',
      entity: 'authors',
      data: { name: 'now', age: 1 },
    })
    await until(() => client.notifications.length > told)
    const sent = await whileIdle()
    expect(ofTables(sent)).toEqual([])
    // For all subscriptions together the server looks now and then where the stream is: a look more may fall in here.
    expect(sent.length).toBeLessThanOrEqual(withNone.length + 6)
  })
})
