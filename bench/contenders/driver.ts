import postgres from 'postgres'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { reportWorker } from './report.ts'
import { type HandWritten, statementOf } from './statements.ts'

const [database = ''] = process.argv.slice(2)

// The bare driver: statements written by hand, which it keeps prepared; rows are read and thrown away.
const run = database.startsWith('postgres:') ? overPostgres(database) : await overPglite(database)

reportWorker((operation, n) => run(statementOf(operation, n)))

function overPostgres(url: string) {
  const sql = postgres(url, { max: 10, onnotice: () => {} })
  return ({ text, params }: HandWritten) => sql.unsafe(text, [...params], { prepare: true })
}

/** PGlite's driver is the worker thread that it runs in. */
async function overPglite(url: string) {
  const pglite = await openDatabase(url, { logger: { info() {}, warn() {}, error() {} } })
  return (statement: HandWritten) => pglite.run(statement)
}
