import { drizzle } from 'drizzle-orm/node-postgres'
import { Pool } from 'pg'
import postgres from 'postgres'
import type { SharedDatabase } from '../suites/stream.suite.ts'
import type { RunningPostgres } from './start-postgres.ts'

/** What `listen` is given for a database, by each driver. */
export const DRIVERS = {
  'postgres.js': (url: string) => url,
  'node-postgres': (url: string) => drizzle(new Pool({ connectionString: url, max: 1 })),
} as const

/** An empty database of a cluster, for a server and for others beside it. */
export async function sharedDatabase(
  cluster: RunningPostgres,
  driver: keyof typeof DRIVERS = 'postgres.js',
): Promise<SharedDatabase & { readonly url: string }> {
  const url = await cluster.createDatabase()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  return {
    url,
    database: DRIVERS[driver](url),
    sql: async (text) => (await sql.unsafe(text)) as never,
    async session() {
      const own = postgres(url, { max: 1, onnotice: () => {} })
      return { sql: (text: string) => own.unsafe(text), end: () => own.end() }
    },
    close: () => sql.end(),
  }
}
