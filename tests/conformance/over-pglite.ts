import { PGlite } from '@electric-sql/pglite'
import type { ListenOptions, Server } from '@mqttspec/server'
import { drizzle } from 'drizzle-orm/pglite'
import type { Setting } from '../suites/conformance.suite.ts'
import { CREATE_TABLES, RESET_ROWS } from './fixture.ts'

/** A server over a PGlite that holds the fixture; clients connect to `url`, or to the embedded broker. */
export async function overPglite(
  api: { listen(options: ListenOptions): Promise<Server> },
  options: ListenOptions,
  url?: string,
): Promise<Setting> {
  const pglite = await PGlite.create()
  await pglite.exec(CREATE_TABLES)
  const server = await api.listen({ database: drizzle(pglite), ...options })
  return {
    url: url ?? `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`,
    reset: async () => void (await pglite.exec(RESET_ROWS)),
    async close() {
      await server.close()
      await pglite.close()
    },
  }
}
