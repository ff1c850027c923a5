import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { durableSuite } from '../suites/durable.suite.ts'
import { type SharedDatabase, streamSuite } from '../suites/stream.suite.ts'

async function open(): Promise<SharedDatabase> {
  const pglite = await PGlite.create()
  return {
    database: drizzle(pglite),
    sql: async (text) => ((await pglite.exec(text)).at(-1)?.rows ?? []) as never,
    close: () => pglite.close(),
  }
}

streamSuite('PGlite', open)
durableSuite('PGlite', open)
