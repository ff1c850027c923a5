import { defineSpec } from '@mqttspec/server'
import * as schema from '../schema.ts'
import { reportServer } from './report.ts'

const [database, masks] = process.argv.slice(2)
const UNLIMITED = 1_000_000_000

interface Auth {
  readonly sub: string
  readonly active: boolean
}

const authOf = (auth: unknown): Auth => auth as Auth

// The server of mqttspec.ts, with all that guards a server: who asks is known, sees its rows only, and two hooks look on.
const guarded = defineSpec({
  schema,
  authenticate: ({ clientId }) => ({ sub: clientId, active: true }),
})
  .entity('people', {
    scope: (auth) => ({ active: authOf(auth).active }),
    allow: { read: (auth) => authOf(auth).active },
  })
  .entity('posts')
  .entity('notes')
  .hook('beforeHandle', ({ client, auth }) => {
    if (client.id !== authOf(auth).sub) throw new Error('not you')
  })
  .hook('beforeRead', 'people', async ({ operation }) => {
    if (operation !== 'read') throw new Error('only reads')
  })

const masked = guarded.hook('afterRead', 'people', ({ rows }) => {
  for (const row of rows) row.email = ''
})

const server = await (masks ? masked : guarded).listen({
  database,
  install: true,
  broker: { port: 0, webSocket: false },
  limits: { maxRequestsPerSecond: UNLIMITED, maxRequestBurst: UNLIMITED },
})

reportServer(server.addresses.mqtt?.port)
