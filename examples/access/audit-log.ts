// Who changed what: a line for each write, once it is committed. Here it is kept in memory; write it where you like.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'
import * as z from 'zod'

const accounts = pgTable('accounts', {
  id: serial().primaryKey(),
  owner: text().notNull().unique(),
  limit: integer().notNull().default(0),
})

const log: string[] = []

const api = defineSpec({
  schema: { accounts },
  auth: z.object({ sub: z.string() }),
  authenticate: ({ token }) => ({ sub: token }), // see jwt.ts for a token that can be trusted
})
  .entity('accounts')
  // What runs after the commit is not for a write that is rolled back, and can not undo one that is not.
  .hook('afterCreate', 'accounts', ({ auth, row, afterCommit }) =>
    afterCommit(() => log.push(`${auth.sub} made ${row.owner}`)),
  )
  .hook('afterUpdate', 'accounts', ({ auth, row, previous, afterCommit }) =>
    afterCommit(() => log.push(`${auth.sub} changed ${row.owner}: limit ${previous?.limit} to ${row.limit}`)),
  )
  .hook('afterDelete', 'accounts', ({ auth, row, afterCommit }) =>
    afterCommit(() => log.push(`${auth.sub} deleted ${row.owner}`)),
  )

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
await using ann = await connect<typeof api>(url, { token: () => 'ann' })

const account = await ann.create('accounts', { owner: 'zoe' })
await ann.create('accounts', { owner: 'zoe' }).catch((error) => console.log('not stored, not logged:', error.code))
await ann.update('accounts', account.id, { limit: 500 })
await ann.delete('accounts', account.id)
await ann.read('accounts') // by the time that this is answered, what ran after the last commit has run
console.log(log.join('\n'))
