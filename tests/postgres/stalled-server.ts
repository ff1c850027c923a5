// A server of its own process that says how long its event loop was away, when it is asked; run by stalled.test.ts.
import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { LoopLag } from '../loop-lag.ts'

const items = pgTable('items', { id: serial().primaryKey(), n: integer() })
const server = await defineSpec({ schema: { items } })
  .entity('items')
  .listen({
    database: process.argv[2] ?? '',
    createTables: true,
    install: true,
    broker: { port: 0, webSocket: false },
    logger: { info() {}, warn() {}, error: (facts, message) => console.error(message, facts) },
  })
const lag = new LoopLag()
process.on('message', () => process.send?.(lag.take()))
process.on('disconnect', () => process.exit(0))
process.send?.(server.addresses.mqtt?.port)
