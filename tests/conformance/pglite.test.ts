import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { api, conformanceSuite } from '../suites/conformance.suite.ts'
import { CREATE_TABLES, RESET_ROWS } from './fixture.ts'

conformanceSuite('the embedded broker and PGlite', async () => {
  const pglite = await PGlite.create()
  await pglite.exec(CREATE_TABLES)
  const server = await api.listen({ database: drizzle(pglite), broker: { port: 0, webSocket: false } })
  const { mqtt } = server.addresses
  return {
    url: `mqtt://${mqtt?.host}:${mqtt?.port}`,
    reset: async () => void (await pglite.exec(RESET_ROWS)),
    async close() {
      await server.close()
      await pglite.close()
    },
  }
})
