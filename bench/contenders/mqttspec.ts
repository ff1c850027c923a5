import { defineSpec } from '@mqttspec/server'
import * as schema from '../schema.ts'
import { reportServer } from './report.ts'

const [database, stream] = process.argv.slice(2)

// What one client may ask is measured here, so nothing is held back.
const UNLIMITED = 1_000_000_000

const server = await defineSpec({ schema })
  .entity('people')
  .entity('posts')
  .entity('notes')
  .listen({
    database,
    // With its change stream, as one runs it, unless told otherwise: a write here writes down the change too.
    install: stream !== 'no-stream',
    broker: { port: 0, webSocket: false },
    limits: { maxRequestsPerSecond: UNLIMITED, maxRequestBurst: UNLIMITED },
  })

reportServer(server.addresses.mqtt?.port)
