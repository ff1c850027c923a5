import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'

const readings = pgTable('readings', {
  id: serial().primaryKey(),
  device: text().notNull(),
  celsius: integer().notNull(),
})

const api = defineSpec({ schema: { readings } }).entity('readings')

/** A server for programs that are not of this project: its port, on loopback. */
export interface RunningServer extends AsyncDisposable {
  readonly port: string
}

/** Starts a server with an empty table of readings. */
export async function startServer(): Promise<RunningServer> {
  const server = await api.listen({ broker: { port: 0, webSocket: false } })
  return { port: String(server.addresses.mqtt?.port), [Symbol.asyncDispose]: () => server.close() }
}
