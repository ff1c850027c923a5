import { afterAll, beforeAll } from 'vitest'
import { describeWith } from '../require-service.ts'
import { durableSuite } from '../suites/durable.suite.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'
import { sharedDatabase } from './stream-drivers.ts'

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres | undefined
  beforeAll(async () => {
    cluster = await startPostgres()
  }, 60_000)
  afterAll(async () => cluster?.stop())

  // What drivers do differently is below all of this.
  durableSuite('Postgres', () => {
    if (!cluster) throw new Error('PostgreSQL has not started')
    return sharedDatabase(cluster)
  })
})
