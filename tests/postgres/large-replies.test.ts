import { drizzle } from 'drizzle-orm/node-postgres'
import { Pool } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { describeWith } from '../require-service.ts'
import { largeRepliesSuite } from '../suites/large-replies.suite.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres | undefined
  const url = async () => (await cluster?.createDatabase()) ?? ''

  beforeAll(async () => {
    cluster = await startPostgres()
  }, 60_000)
  afterAll(() => cluster?.stop())

  const options = { createTables: true, install: true }
  largeRepliesSuite('postgres.js', async () => ({ ...options, database: await url() }))
  largeRepliesSuite('node-postgres', async () => {
    const pool = new Pool({ connectionString: await url(), max: 1 })
    return { ...options, database: drizzle(pool) }
  })
})
