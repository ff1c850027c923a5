import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { streamSuite } from '../suites/stream.suite.ts'

streamSuite('PGlite', async () => {
  const pglite = await PGlite.create()
  return {
    database: drizzle(pglite),
    sql: async (text) => (await pglite.exec(text)).at(-1)?.rows ?? [],
    close: () => pglite.close(),
  }
})
