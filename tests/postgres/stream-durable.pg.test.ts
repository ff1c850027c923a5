import { describeWith } from '../require-service.ts'
import { durableSuite } from '../suites/durable.suite.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'
import { sharedDatabase } from './stream-drivers.ts'

describeWith('PostgreSQL', await findPostgres(), () => {
  const cluster = clusterOfTests()

  // What drivers do differently is below all of this.
  durableSuite('Postgres', () => {
    return sharedDatabase(cluster)
  })
})
