import postgres from 'postgres'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { operatorsSuite } from '../../packages/server/src/testing/operators.suite.ts'
import { CREATE_TABLES, RESET_ROWS } from '../conformance/fixture.ts'
import { describeWith } from '../require-service.ts'
import { clientSuite } from '../suites/client.suite.ts'
import { clientCallsSuite } from '../suites/client-calls.suite.ts'
import { clientLiveSuite } from '../suites/client-live.suite.ts'
import { api, conformanceSuite } from '../suites/conformance.suite.ts'
import { deadlinesSuite } from '../suites/deadlines.suite.ts'
import { hookDatabaseSuite } from '../suites/hook-database.suite.ts'
import { largeRepliesSuite } from '../suites/large-replies.suite.ts'
import { readsSuite } from '../suites/reads.suite.ts'
import { rentalSuite } from '../suites/rental.suite.ts'
import { streamSuite } from '../suites/stream.suite.ts'
import { tenantsSuite } from '../suites/tenants.suite.ts'
import { writesSuite } from '../suites/writes.suite.ts'
import { clusterOfTests } from './cluster-of-tests.ts'
import { findPostgres } from './start-postgres.ts'
import { DRIVERS } from './stream-drivers.ts'

const QUIET = { info() {}, warn() {}, error() {} }

describeWith('PostgreSQL', await findPostgres(), () => {
  const { createDatabase } = clusterOfTests()

  for (const [driver, database] of Object.entries(DRIVERS)) {
    const open = async () => ({ database: database(await createDatabase()), createTables: true })
    const installed = async () => ({ ...(await open()), install: true })
    operatorsSuite(driver, async () => openDatabase(database(await createDatabase()), { logger: QUIET }))
    deadlinesSuite(driver, open)
    readsSuite(driver, open)
    rentalSuite(driver, open)
    writesSuite(driver, open)
    hookDatabaseSuite(driver, installed)
    largeRepliesSuite(driver, installed)
    clientSuite(driver, installed)
    clientCallsSuite(driver, open)
    clientLiveSuite(driver, async () => {
      const url = await createDatabase()
      const sql = postgres(url, { max: 4, onnotice: () => {} })
      return {
        database: database(url),
        install: true,
        async transaction(statements) {
          await sql.begin(async (own) => {
            for (const statement of statements) await own.unsafe(statement)
          })
        },
        close: () => sql.end(),
      }
    })
    tenantsSuite(driver, open)
    streamSuite(driver, async () => {
      const url = await createDatabase()
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      return {
        database: database(url),
        sql: async (text) => (await sql.unsafe(text)) as never,
        async session() {
          const own = postgres(url, { max: 1, onnotice: () => {} })
          return { sql: (text: string) => own.unsafe(text), end: () => own.end() }
        },
        close: () => sql.end(),
      }
    })
    conformanceSuite(`the embedded broker and PostgreSQL by ${driver}`, async () => {
      const url = await createDatabase()
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      await sql.unsafe(CREATE_TABLES)
      const server = await api.listen({ database: database(url), broker: { port: 0, webSocket: false } })
      return {
        url: `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`,
        reset: async () => void (await sql.unsafe(RESET_ROWS)),
        async close() {
          await server.close()
          await sql.end()
        },
      }
    })
  }
})
