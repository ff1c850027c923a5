import { PGlite } from '@electric-sql/pglite'
import { drizzle as drizzleNodePostgres } from 'drizzle-orm/node-postgres'
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNodePostgres } from '../../packages/server/src/db/node-postgres.ts'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { openPgliteInMemory } from '../../packages/server/src/db/pglite/open-pglite.ts'
import { openPostgresJs } from '../../packages/server/src/db/postgres-js.ts'
import { describeWith } from '../require-service.ts'
import { databaseSuite } from './database.suite.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

const DRIVERS = {
  'postgres.js': (url: string, more = {}) => openPostgresJs(url, { logger, ...more }),
  'node-postgres': (url: string, more = {}) => openNodePostgres({ connectionString: url }, { logger, ...more }),
}

describe('PGlite in its worker', () => databaseSuite(() => openPgliteInMemory(logger)))

describe('a PGlite of the user', () =>
  databaseSuite(async () => openDatabase(await PGlite.create(), { logger }), { isShared: true }))

describeWith('PostgreSQL', await findPostgres(), () => {
  let server: RunningPostgres | undefined
  let url: string
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server?.stop())
  beforeAll(async () => {
    url = (await server?.createDatabase()) ?? ''
  })

  it('connects by itself as a Drizzle instance would, and leaves its client alone', async () => {
    const { default: pg } = await import('pg')
    const sql = postgres(url)
    const pool = new pg.Pool({ connectionString: url })
    const client = new pg.Client({ connectionString: url })
    const instances = [drizzlePostgresJs(sql), drizzleNodePostgres(pool), drizzleNodePostgres(client)]
    const kinds: string[] = []
    for (const instance of instances) {
      const database = await openDatabase(instance, { logger })
      const [row] = await database.run({ text: 'select current_database()::text', params: [] })
      expect(url.endsWith(row?.[0] ?? 'nothing')).toBe(true)
      kinds.push(database.kind)
      await database.close()
    }
    expect(kinds).toEqual(['postgres', 'node-postgres', 'node-postgres'])
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }])
    await Promise.all([sql.end(), pool.end()])
  })

  describe.each(Object.entries(DRIVERS))('%s', (_name, open) => {
    beforeAll(async () => {
      url = (await server?.createDatabase()) ?? ''
    })
    databaseSuite(async () => open(url))

    it('ends a statement that takes too long, and a wait for a lock', async () => {
      const database = open(url, { statementTimeoutMs: 300, lockTimeoutMs: 100 })
      await expect(database.run({ text: 'select pg_sleep(5)', params: [] })).rejects.toMatchObject({
        sqlState: '57014',
      })
      await database.script('create table locked (id int)')
      await database.transaction(async (transaction) => {
        await transaction.run({ text: 'lock table locked', params: [] })
        const waiting = database.run({ text: 'select * from locked', params: [] })
        await expect(waiting).rejects.toMatchObject({ sqlState: '55P03', connectionLost: false })
      })
      await database.close()
    })

    it('loses a transaction that idles too long, and says so at once', async () => {
      const database = open(url, { idleInTransactionTimeoutMs: 200 })
      await expect(database.transaction(() => new Promise(() => undefined))).rejects.toMatchObject({
        connectionLost: true,
      })
      await expect(database.run({ text: "select '1'", params: [] })).resolves.toEqual([['1']])
      await database.close()
    })

    it('shows its name and its number of connections to an operator', async () => {
      const database = open(url, { maxConnections: 3 })
      const slow = { text: 'select pg_sleep(0.05)', params: [] }
      await Promise.all(Array.from({ length: 30 }, () => database.run(slow)))
      const text = `select count(*)::text from pg_stat_activity where application_name = 'mqttspec' and datname = current_database()`
      const [row] = await database.run({ text, params: [] })
      expect(Number(row?.[0])).toBeGreaterThanOrEqual(3)
      await database.close()
    })

    it('says why it cannot connect', async () => {
      const missing = open(url.replace(/[^/]+$/, 'no_such_database'))
      await expect(missing.run({ text: 'select 1', params: [] })).rejects.toMatchObject({
        sqlState: '3D000',
        connectionLost: true,
      })
      await missing.close()
      const nobody = open('postgres://postgres@127.0.0.1:1/postgres')
      await expect(nobody.run({ text: 'select 1', params: [] })).rejects.toMatchObject({ connectionLost: true })
      await nobody.close()
    })
  })
})
